"""How far a sink is behind the topic."""

from coinloom.settings import Sink
from health.stages import Landed


def test_a_partition_that_is_ahead_of_the_ends_that_were_read_hides_no_other() -> None:
    landed = Landed(Sink.PARQUET, {0: 1_000, 1: 1_300, 2: 900}, None)
    assert landed.behind({0: 1_000, 1: 1_050, 2: 1_000, 3: 7}).lag == 100 + 7

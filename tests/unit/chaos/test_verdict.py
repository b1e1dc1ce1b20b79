"""The judge of the chaos runs: it finds what is planted, and nothing in what is as it should be."""

from collections import Counter
from collections.abc import Callable

import pytest

from chaos.evidence import Evidence, Row
from chaos.verdict import differences, mart_differences
from coinloom.settings import Sink

FIRST: list[Row] = [("bitcoin", 2.0, None), ("ether", 1.0, None)]
SECOND: list[Row] = [("bitcoin", 3.0, None), ("ether", 1.0, None)]


def evidence() -> Evidence:
    """Two polls on two partitions; their last message is in quarantine. A third answer never got to a poll."""
    offsets = [(0, 0), (0, 1), (0, 2), (1, 0)]
    return Evidence(
        answers=Counter(map(frozenset, [FIRST, SECOND, SECOND])),
        polls={"a": FIRST.copy(), "b": SECOND.copy()},
        ends={0: 3, 1: 1},
        landed={sink: Counter(offsets[:3]) for sink in Sink},
        quarantined={sink: Counter(offsets[3:]) for sink in Sink},
    )


def double_a_message(found: Evidence) -> None:
    found.polls["a"].append(found.polls["a"][0])


def lose_a_message(found: Evidence) -> None:
    found.polls["a"].pop()


def send_a_poll_twice(found: Evidence) -> None:
    found.polls["c"] = FIRST


def lose_a_poll(found: Evidence) -> None:
    del found.polls["a"]


def lose_a_landed_row(found: Evidence) -> None:
    del found.landed[Sink.PARQUET][0, 1]


def double_a_landed_row(found: Evidence) -> None:
    found.landed[Sink.POSTGRES][0, 1] += 1


def land_what_is_in_quarantine(found: Evidence) -> None:
    found.landed[Sink.PARQUET][1, 0] += 1


def test_a_run_without_a_difference_has_none() -> None:
    assert differences(evidence(), poller_kills=1) == []


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (double_a_message, "poll a: 3 messages for 2 updates"),
        (lose_a_message, "1 polls on the topic are not what the simulator answered"),
        (send_a_poll_twice, "1 polls on the topic are not what the simulator answered"),
        (lose_a_poll, "2 answers are not on the topic, after 1 kills"),
        (lose_a_landed_row, "sink parquet: 1 offsets are missing, 0 "),
        (double_a_landed_row, "sink postgres: 0 offsets are missing, 1 "),
        (land_what_is_in_quarantine, "sink parquet: 0 offsets are missing, 1 "),
    ],
)
def test_each_difference_is_found(plant: Callable[[Evidence], None], found: str) -> None:
    planted = evidence()
    plant(planted)
    assert any(found in difference for difference in differences(planted, poller_kills=1))


def test_a_mart_with_another_number_is_named() -> None:
    undisturbed = {"crypto_table": Counter([("bitcoin", 2.0), ("ether", 1.0)]), "ohlc_1h": Counter([("bitcoin", 2.0)])}
    ours = undisturbed | {"crypto_table": Counter([("bitcoin", 2.5), ("ether", 1.0)])}
    assert mart_differences(undisturbed, undisturbed) == []
    assert mart_differences(ours, undisturbed) == ["marts.crypto_table: 1 rows too many, 1 are missing"]

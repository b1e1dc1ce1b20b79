"""A clock that is set forward by an hour, and back: of the poller, the stream and maintenance.

The clock of this machine stays as it is: libfaketime (Debian: `apt-get install faketime`) tells the processes another.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from coinloom.processes import environment, executable
from coinloom.processes import run as run_to_end
from coinloom.settings import REPOSITORY, Settings, Target
from ingestion.topic import topic_ends
from quarantine.reasons import Reason
from spark_streaming.transforms import MAX_EVENT_TIME_AHEAD_SECONDS
from tests.commands import run_command
from tests.integration.streams import in_files, in_postgres
from tests.stacks import elsewhere
from tests.warehouse.as_full_refresh import require_as_full_refresh
from tests.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

MOST_AHEAD = timedelta(seconds=MAX_EVENT_TIME_AHEAD_SECONDS)
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@dataclass(frozen=True)
class AtAnotherTime:
    """Runs commands whose clock is so many hours ahead; how long something takes they see as it is."""

    settings: Settings

    def run(self, hours: int, *command: str) -> None:
        told = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME": f"{hours:+d}h",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            # What it mends in old versions of glibc it breaks in new ones: Java's timed waits end at once, or never.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }
        run_to_end([executable("coinloom"), *command], environment(self.settings) | (told if hours else {}), REPOSITORY)


@pytest.fixture
def own(stack: Settings, tmp_path: Path) -> Settings:
    if not LIBRARIES:
        pytest.skip("needs libfaketime: apt-get install faketime")
    return elsewhere(stack, f"clock_{tmp_path.name}".lower(), tmp_path, dbt_target=Target.POSTGRES)


def test_every_message_is_in_one_place_and_builds_go_on(own: Settings) -> None:
    at = AtAnotherTime(own)
    warehouse = Warehouse(own)
    for hours in (0, 1, 0, -1, 0):
        at.run(hours, "poll", "--max-polls", "2", "--interval-seconds", "0.5")
        at.run(hours, "stream", "--available-now")
        warehouse.rebuilt()
    messages = sum(topic_ends(own).values())
    assert messages == 10 * own.coingecko_top_n
    for read in (in_files, in_postgres):
        rows, rejected = read(own, "landing"), read(own, "quarantine")
        places = Counter((row["kafka_partition"], row["kafka_offset"]) for row in [*rows, *rejected])
        assert len(places) == places.total() == messages
        # A price that was fetched before its own time is not trusted: most of two polls. What is older than the
        # hour, or has no time of its own, is; of the other polls only coins without a price are rejected.
        early = {row["poll_id"] for row in rejected if row["reason"] == Reason.EVENT_TIME_IN_THE_FUTURE}
        assert len(early) == 2
        of_early = [row for row in rejected if row["poll_id"] in early]
        assert len(of_early) > own.coingecko_top_n
        trusted = [row for row in rows if row["poll_id"] in early]
        assert len(of_early) + len(trusted) == 2 * own.coingecko_top_n
        assert all(row["last_updated_at"] - row["fetched_at"] <= MOST_AHEAD for row in trusted)
        assert {row["reason"] for row in rejected} <= {Reason.EVENT_TIME_IN_THE_FUTURE, Reason.MISSING_PRICE}
    # Builds read on from the newest hour, so none may land before it.
    order = ("kafka_partition", "kafka_offset", "landed_hour")
    landed = sorted(tuple(row[name] for name in order) for row in in_postgres(own, "landing"))
    for (partition, _, hour), (next_partition, _, next_hour) in pairwise(landed):
        assert partition != next_partition or hour <= next_hour
    require_as_full_refresh(warehouse)

    at.run(1, "maintain")
    run_command(own, "coinloom", "maintain")
    assert len(in_files(own, "landing")) == messages - len(rejected)

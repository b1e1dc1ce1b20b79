"""Hours of a lake on S3 become few files: what a watcher sees meanwhile, and what kills leave."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest

from stores.lake_files import COMPACTED
from tests.object_store import BUCKET, object_store
from tests.unit.maintenance.stored_lake import HOUR, StoredLake
from tests.watching import again_and_again

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

ROUNDS, FILES_A_ROUND, KILLS = 10, 12, 8
COMPACTS_FOR_EVER = """
import sys
from tests.unit.maintenance.stored_lake import StoredLake

lake = StoredLake(sys.argv[1], sys.argv[2], batches=10**9)
print("begins", flush=True)
while True:
    lake.compact()
"""


@pytest.fixture(scope="module", autouse=True)
def _store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with object_store(tmp_path_factory.mktemp("store")):
        yield


@pytest.fixture
def lake() -> StoredLake:
    return StoredLake(f"s3a://{BUCKET}/{uuid4().hex[:8]}")


def test_a_watcher_sees_rows_twice_for_a_moment_and_never_misses_one(lake: StoredLake) -> None:
    """Printed: how often it looked, and what was wrong, for our own readers and for anybody who lists the folder."""
    looks: Counter[str] = Counter()

    def look() -> None:
        least = lake.offsets - 3  # one batch may be on its way
        ours = lake.seen()
        looks["ours"] += 1
        looks["ours wrong"] += set(ours.values()) > {1} or not set(range(least)) <= set(ours)
        try:
            anybody = lake.read(lake.listed())
        except OSError:
            looks["a file was gone"] += 1
            return
        looks["anybody's"] += 1
        looks["rows twice"] += max(anybody.values(), default=0) > 1
        looks["rows missing"] += not set(range(least)) <= set(anybody)

    seconds = 0.0
    with again_and_again(look):
        for _ in range(ROUNDS):
            for _ in range(FILES_A_ROUND):
                lake.land()
            lake.table.prepare(HOUR, lake.all_committed)
            started = time.monotonic()
            lake.table.replace(HOUR)
            seconds += time.monotonic() - started
    print(f"\n{json.dumps(looks)}; an hour of {FILES_A_ROUND} files was replaced in {seconds / ROUNDS:.2f} s")
    assert lake.read(lake.listed()) == lake.each_once()
    assert looks["ours wrong"] == looks["rows missing"] == 0
    assert looks["ours"] > 5


def test_killed_at_any_moment_and_begun_again_it_loses_and_doubles_nothing(lake: StoredLake) -> None:
    command = [sys.executable, "-c", COMPACTS_FOR_EVER, lake.location, lake.stream]
    for kill in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begins\n"
            for _ in range(6):
                lake.land()
            time.sleep(0.05 * kill)
            process.send_signal(signal.SIGKILL)
        assert lake.seen() == lake.each_once(), f"kill {kill}"
    lake.compact()
    assert lake.read(lake.listed()) == lake.each_once()
    assert [path for path in lake.listed() if COMPACTED not in path] == []

"""What a long history of small files costs, before and after `coinloom maintain`."""

import fnmatch
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from benchmarks.history import HOUR, History
from benchmarks.market import Market
from benchmarks.measuring import Measured, measure, measure_dbt
from benchmarks.memory import Watched
from benchmarks.one_more_poll import SERVER
from benchmarks.parts import MIDDAY
from benchmarks.servers import running, temporary_home
from benchmarks.year_landing import POLL_INTERVAL, Batches
from coinloom.processes import environment, executable
from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, ServerName, Settings
from ingestion.producer import ensure_topic
from maintenance.compaction import LONGEST_LISTING_SECONDS

SERVERS = (ServerName.KAFKA, ServerName.POSTGRES)  # the broker: maintenance gives the topic its retention
BLOCK = 512  # bytes, in which a file system says what a file takes


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What landing takes: bytes as they were written, and as many as its disk gave for them."""

    files: int
    bytes: int
    bytes_on_disk: int


@dataclass(frozen=True, slots=True)
class State:
    """A history as it lies there: its landing, and what builds on it cost. Without builds there are none."""

    title: str
    landing: OnDisk
    full_refresh: Measured | None
    polls: list[Measured]


@dataclass(slots=True)
class Results:
    """Grows; `maintained` is what `coinloom maintain` took between the last two states."""

    batches: int = 0
    states: list[State] = field(default_factory=list)
    maintained: Measured | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    days: float
    coins: int
    repetitions: int
    with_builds: bool


class Pipeline:
    """A history in the lake of a stack of its own."""

    def __init__(self, settings: Settings, coins: int, watched: Mapping[str, Watched], steps: Steps) -> None:
        self._settings = settings
        self._steps = steps
        self._batches = Batches(Market(coins), settings.lake)
        self._watched = watched
        self._end = MIDDAY

    def land(self, days: float) -> int:
        """So many days before the hour that is open, and what there is of that. Returns the number of batches."""
        landed = 0
        for day in History(MIDDAY - max(HOUR, timedelta(days=days)), MIDDAY).slices(timedelta(days=1)):
            with self._steps.step(f"Land the polls until {day.end:%Y-%m-%d %H:%M}"):
                landed += self._batches.land(day)
        return landed

    def maintain(self) -> Measured:
        """What it takes. A minute later it is called once more: until then readers may have the old files."""
        with self._steps.step("coinloom maintain"):
            measured = self._maintain()
        with self._steps.step("coinloom maintain, a minute later"):
            time.sleep(LONGEST_LISTING_SECONDS)
            self._maintain()
        return measured

    def _maintain(self) -> Measured:
        command = [executable("coinloom"), "maintain", "--before", f"{MIDDAY:%Y-%m-%dT%H}"]
        log = self._settings.coinloom_home / "logs" / "maintain.log"
        return measure(command, environment(self._settings), REPOSITORY, log)

    def state(self, title: str, repetitions: int) -> State:
        """With 0 repetitions nothing is built. A build before them does not count."""
        landing = on_disk(*(Path(self._settings.lake, folder) for folder in ("landing", "_compaction")))
        if not repetitions:
            return State(title, landing, None, [])
        with self._steps.step(f"dbt build --full-refresh, {title}"):
            refresh = self._dbt("build", "--full-refresh")
        polls = [self._one_more_poll(number, title) for number in range(repetitions + 1)]
        return State(title, landing, refresh, polls[1:])

    def _one_more_poll(self, number: int, title: str) -> Measured:
        next_end = self._end + POLL_INTERVAL
        self._batches.land(History(self._end, next_end))
        self._end = next_end
        with self._steps.step(f"dbt build after poll {number}, {title}"):
            return self._dbt("build")

    def _dbt(self, *arguments: str) -> Measured:
        return measure_dbt(self._settings, *arguments, watched=self._watched)


def measure_year(sizes: Sizes, results: Results, steps: Steps) -> Iterator[None]:
    """Yields whenever there is more in the results."""
    repetitions = sizes.repetitions if sizes.with_builds else 0
    if repetitions:
        with pipeline("day", sizes, steps) as day:
            day.land(1)
            day.maintain()
            results.states.append(day.state("a day, compacted", repetitions))
    with pipeline("year", sizes, steps) as year:
        results.batches = year.land(sizes.days)
        results.states.append(year.state(f"{sizes.days:g} days, before", repetitions))
        yield
        results.maintained = year.maintain()
        results.states.append(year.state(f"{sizes.days:g} days, compacted", repetitions))
    yield


@contextmanager
def pipeline(home: str, sizes: Sizes, steps: Steps) -> Iterator[Pipeline]:
    """With the servers that it needs; without builds there is no Thrift Server."""
    servers = [*SERVERS, *([ServerName.THRIFT_SERVER] if sizes.with_builds else [])]
    with temporary_home(home) as settings, running(settings, *servers) as pids:
        ensure_topic(settings)
        thrift_server = pids.get(ServerName.THRIFT_SERVER)
        watched = {SERVER: Watched(thrift_server, with_children=False)} if thrift_server else {}
        yield Pipeline(settings, sizes.coins, watched, steps)


def on_disk(*folders: Path) -> OnDisk:
    """The Parquet files in them."""
    files = written = blocks = 0
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in fnmatch.filter(names, "*.parquet"):
                status = Path(path, name).stat()
                files, written, blocks = files + 1, written + status.st_size, blocks + status.st_blocks
    return OnDisk(files, written, blocks * BLOCK)

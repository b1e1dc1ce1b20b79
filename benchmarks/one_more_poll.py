"""What one more poll costs: `dbt build` after it, on several histories in turn."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from benchmarks.history import MINUTE, History, land, land_polls
from benchmarks.market import Market
from benchmarks.measuring import Measured, measure_dbt
from benchmarks.memory import Watched
from benchmarks.servers import running, temporary_home
from coinloom.progress import Steps
from coinloom.settings import ServerName, Settings

SERVERS = (ServerName.POSTGRES, ServerName.THRIFT_SERVER)
POLL_INTERVAL = timedelta(seconds=30)
ROWS_PER_FIRST_BUILD = 5_000_000  # a longer history is landed and built in slices
SERVER = "Thrift Server"


@dataclass(slots=True)
class Warehouse:
    """A history that has been built, behind a Thrift Server that has not done anything yet."""

    settings: Settings
    market: Market
    next_poll: np.datetime64
    server_pid: int

    def build_after_one_more_poll(self) -> Measured:
        land_polls(self.market, np.array([self.next_poll]), self.settings.lake)
        self.next_poll += np.timedelta64(POLL_INTERVAL)
        return measure_dbt(self.settings, "build", watched={SERVER: Watched(self.server_pid, with_children=False)})


@dataclass(frozen=True, slots=True)
class Past:
    """What is there before the poll: a history of so many coins."""

    history: History
    coins: int


def measure_polls(
    pasts: Mapping[str, Past], warm_ups: int, repetitions: int, steps: Steps
) -> dict[str, list[Measured]]:
    """Build after one more poll, `repetitions` times on each past, after `warm_ups` times that do not count."""
    with ExitStack() as stack:
        warehouses = {
            title: stack.enter_context(_warehouse(f"history-{number}", title, past, steps))
            for number, (title, past) in enumerate(pasts.items())
        }
        rounds = [_round(warehouses, number, repetitions, steps) for number in range(1 - warm_ups, repetitions + 1)]
    return {title: [one[title] for one in rounds[warm_ups:]] for title in pasts}


def _round(warehouses: Mapping[str, Warehouse], number: int, repetitions: int, steps: Steps) -> dict[str, Measured]:
    """One build on each; who comes first changes from round to round."""
    name = f"poll {number} of {repetitions}" if number > 0 else "a poll to warm up"
    order = sorted(warehouses, reverse=number % 2 == 0)
    builds = {}
    for title in order:
        with steps.step(f"dbt build after {name}, on {title}"):
            builds[title] = warehouses[title].build_after_one_more_poll()
    return builds


@contextmanager
def _warehouse(home: str, title: str, past: Past, steps: Steps) -> Iterator[Warehouse]:
    with temporary_home(home) as settings:
        market = Market(past.coins)
        with running(settings, *SERVERS):
            for part in past.history.slices(ROWS_PER_FIRST_BUILD // past.coins * MINUTE):
                _land_and_build(settings, market, part, title, steps)
        # Started anew, so that its memory is that of the builds to be measured.
        with running(settings, *SERVERS) as pids:
            yield Warehouse(settings, market, np.datetime64(past.history.end, "us"), pids[ServerName.THRIFT_SERVER])


def _land_and_build(settings: Settings, market: Market, part: History, title: str, steps: Steps) -> None:
    until = f"{title}, until {part.end:%Y-%m-%d %H:%M}"
    with steps.step(f"Land {until}") as detail:
        land(market, part, settings.lake, detail)
    with steps.step(f"dbt build, {until}"):
        measure_dbt(settings, "build")

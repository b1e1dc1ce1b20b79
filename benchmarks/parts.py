"""The parts of the benchmark, and the histories that each looks at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from benchmarks import poll_tables
from benchmarks.full_refresh import measure_full_refresh
from benchmarks.history import History
from benchmarks.one_more_poll import POLL_INTERVAL, Past, measure_polls
from benchmarks.tables import Table
from coinloom.progress import Steps

LAST_DAY = datetime(2026, 3, 1)  # UTC, as every instant here
MIDDAY = LAST_DAY.replace(hour=12, minute=30)
TIMES_OF_DAY = {"at 00:05": LAST_DAY.replace(minute=5), "at 23:55": LAST_DAY.replace(hour=23, minute=55)}
HISTORY_AT_ENDS_OF_DAY = timedelta(days=2)
MOST_WARM_UPS_AT_ENDS_OF_DAY = 9  # they are polls of the same day, and end at 00:05

# What is claimed.
MOST_SECONDS = 20
MOST_SECONDS_OF_COINS = {100: 12, 2_000: 16, 10_000: 40}
MOST_RATIO_OF_HISTORIES = 1.2
MOST_RATIO_OF_TIMES_OF_DAY = 1.3


class Part(StrEnum):
    """The names that --only takes and that the markers in README.md bear."""

    ONE_MORE_POLL = "one-more-poll"
    TIME_OF_DAY = "time-of-day"
    COINS = "coins"
    FULL_REFRESH = "full-refresh"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to measure."""

    days: float
    short_days: float
    coins: int
    bars: int
    repetitions: int
    warm_ups: int


def measure(part: Part, sizes: Sizes, steps: Steps) -> Iterator[list[Table]]:
    """Yields the part's tables each time there is more in them."""
    match part:
        case Part.ONE_MORE_POLL:
            yield _one_more_poll(sizes, steps)
        case Part.TIME_OF_DAY:
            yield _time_of_day(sizes, steps)
        case Part.COINS:
            yield _coins(sizes, steps)
        case Part.FULL_REFRESH:
            yield from measure_full_refresh(sizes.bars, sizes.coins, MIDDAY, steps)


def _one_more_poll(sizes: Sizes, steps: Steps) -> list[Table]:
    lengths = {_days(days): timedelta(days=days) for days in (sizes.short_days, sizes.days)}
    pasts = {title: Past(_until(MIDDAY, length), sizes.coins) for title, length in lengths.items()}
    builds = measure_polls(pasts, sizes.warm_ups, sizes.repetitions, steps)
    short, long = (poll_tables.median_seconds(builds[title]) for title in pasts)
    claims = [
        (f"{' against '.join(reversed(pasts))}, ratio of the medians", long / short, MOST_RATIO_OF_HISTORIES),
        (f"{list(pasts)[-1]}, median seconds", long, MOST_SECONDS),
    ]
    return [poll_tables.verdicts(claims), poll_tables.times(builds), poll_tables.slowest_nodes(builds)]


def _time_of_day(sizes: Sizes, steps: Steps) -> list[Table]:
    warm_ups = min(sizes.warm_ups, MOST_WARM_UPS_AT_ENDS_OF_DAY)
    warming_up = warm_ups * POLL_INTERVAL
    pasts = {
        title: Past(_until(end - warming_up, HISTORY_AT_ENDS_OF_DAY), sizes.coins)
        for title, end in TIMES_OF_DAY.items()
    }
    builds = measure_polls(pasts, warm_ups, sizes.repetitions, steps)
    medians = [poll_tables.median_seconds(builds[title]) for title in pasts]
    claim = ("the slower against the faster, ratio of the medians", max(medians) / min(medians))
    verdicts = poll_tables.verdicts([(*claim, MOST_RATIO_OF_TIMES_OF_DAY)])
    return [verdicts, poll_tables.times(builds), poll_tables.slowest_nodes(builds)]


def _coins(sizes: Sizes, steps: Steps) -> list[Table]:
    history = _until(MIDDAY, timedelta(days=sizes.short_days))
    most = {f"{coins:,} coins": seconds for coins, seconds in MOST_SECONDS_OF_COINS.items()}
    pasts = {f"{coins:,} coins": Past(history, coins) for coins in MOST_SECONDS_OF_COINS}
    builds = measure_polls(pasts, sizes.warm_ups, sizes.repetitions, steps)
    claims = [(f"{title}, median seconds", poll_tables.median_seconds(builds[title]), most[title]) for title in pasts]
    return [poll_tables.verdicts(claims), poll_tables.times(builds), poll_tables.slowest_nodes(builds)]


def _until(end: datetime, length: timedelta) -> History:
    start = end - length
    return History(start.replace(second=0, microsecond=0), end)


def _days(number: float) -> str:
    return "1 day" if number == 1 else f"{number:g} days"

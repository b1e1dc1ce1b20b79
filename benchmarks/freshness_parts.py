"""Ages of prices and their parts, from what was landed, watched and seen."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.freshness_reader import Seen
from benchmarks.freshness_updates import Update
from benchmarks.freshness_watching import Build

LOG_SECONDS = 0.3  # a build begins when it sees what has landed; its log has tenths of a second
PARTS = ("answer to topic", "topic to landing", "landing to build", "build", "publish", "seen")


@dataclass(frozen=True, slots=True)
class Ages:
    """Seconds from the answer until the reader saw the price, one of each update.

    `indistinct` updates brought the price that their coin had before, so that nobody sees them; `unseen` ones were not
    seen until the end.
    """

    seconds: list[float]
    indistinct: int
    unseen: int


PartTimes = dict[str, list[float]]
"""Seconds of each part, one of each poll."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Unix times at which there was more in landing, and at which the reader looked; the builds."""

    landed: Sequence[float]
    looks: Sequence[float]
    builds: Sequence[Build]


@dataclass(slots=True)
class _Coin:
    """What one coin's prices were, and what the reader saw of them."""

    updates: list[Update] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def ages_of_updates(updates: Iterable[Update], seen: Iterable[Seen], begin: float, end: float) -> Ages:
    """Of the updates whose answer came in this time, up to a minute before its end.

    An update counts as seen when the coin's newest price is its price, or that of a later update.
    """
    seconds, indistinct, unseen = [], 0, 0
    for coin in _by_coin(updates, seen).values():
        prices = [update.price for update in coin.updates]
        for place, (before, update) in enumerate(pairwise(coin.updates), 1):
            if not begin <= update.fetched_at < end - 60:
                continue
            if update.price == before.price:
                indistinct += 1
                continue
            first = _first_seen(coin.seen, set(prices[place:]), update.fetched_at)
            if first is None:
                unseen += 1
            else:
                seconds.append(first - update.fetched_at)
    return Ages(seconds, indistinct, unseen)


def parts_of_polls(updates: Iterable[Update], watched: Watched, begin: float, end: float) -> PartTimes:
    """Of each poll that brought something new in this time, up to a minute before its end."""
    polls = {update.poll_id: update for update in updates if begin <= update.fetched_at < end - 60}
    parts: PartTimes = {part: [] for part in PARTS}
    for poll in polls.values():
        if times := _times(poll, watched):
            for part, (earlier, later) in zip(PARTS, pairwise(times), strict=True):
                parts[part].append(later - earlier)
    return parts


def _times(poll: Update, watched: Watched) -> list[float]:
    """From the answer to a reader's look; empty if the poll did not come that far."""
    landed = _at_or_after(watched.landed, poll.landed_at)
    if landed is None:
        return []
    place = bisect_left([build.began for build in watched.builds], landed - LOG_SECONDS)
    if place == len(watched.builds):
        return []
    build = watched.builds[place]
    look = _at_or_after(watched.looks, build.published)
    if look is None:
        return []
    return [poll.fetched_at, poll.produced_at, landed, max(landed, build.began), build.built, build.published, look]


def _by_coin(updates: Iterable[Update], seen: Iterable[Seen]) -> dict[str, _Coin]:
    coins: dict[str, _Coin] = defaultdict(_Coin)
    for update in sorted(updates, key=lambda update: update.last_updated_at):
        coins[update.coin_id].updates.append(update)
    for one in seen:
        coins[one.coin_id].seen.append(one)
    return coins


def _first_seen(seen: Iterable[Seen], prices: set[float], since: float) -> float | None:
    return next((one.at for one in seen if one.at >= since and one.price in prices), None)


def _at_or_after(times: Sequence[float], moment: float) -> float | None:
    place = bisect_left(times, moment)
    return times[place] if place < len(times) else None

"""What was seen, drawn as wide and as high as there is room."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from coinloom.clock import seconds_since
from coinloom.settings import Settings, Stage
from coinloom.wording import age, printable
from commands.top.seen import Prices
from commands.top.tables import boards, coins
from health.verdicts import State, Verdict, age_limits, worst

STATE_STYLES = {State.HEALTHY: "green", State.STALE: "yellow", State.BROKEN: "red"}
OLD_SECONDS = 20
"""Who has not been able to look at health for so long says so."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known at a moment; None is what nobody has seen yet."""

    prices: Prices | None
    health: Sequence[Verdict] | None
    health_seen_at: datetime | None = None
    error: str = ""


def screen(seen: Seen, settings: Settings, now: datetime, width: int, coins_shown: int) -> Group:
    """Heading, health, what is wrong, both boards and the largest coins."""
    return Group(*_parts(seen, settings, now, width, coins_shown))


def lines_around_coins(seen: Seen) -> int:
    """How many lines of the screen are not coins."""
    places = max(1, len(seen.prices.gainers), len(seen.prices.losers)) if seen.prices else 0
    return 7 + places + bool(seen.error)


def _parts(seen: Seen, settings: Settings, now: datetime, width: int, coins_shown: int) -> Iterator[RenderableType]:
    yield _heading(seen.prices, settings, now) if seen.prices else Text("Coinloom: no prices yet")
    yield _health(seen, now)
    if seen.error:
        yield _line(Text(printable(seen.error), "yellow"))
    if seen.prices:
        yield Text()
        yield boards(seen.prices, width)
        yield Text()
        yield coins(seen.prices, width, coins_shown)


def _heading(prices: Prices, settings: Settings, now: datetime) -> Text:
    seconds = seconds_since(prices.as_of, now)
    style = STATE_STYLES[age_limits(Stage.MARTS, settings).state(seconds)]
    what = f"{printable(prices.currency)}  {len(prices.coins):,} coins  {prices.as_of:%Y-%m-%d %H:%M} UTC, "
    return _line(Text("Coinloom  ", "bold"), Text(what), Text(f"{age(seconds)} old", style))


def _health(seen: Seen, now: datetime) -> Text:
    """The worst verdict, and how many others are not good."""
    if not seen.health:
        return Text("● looking at the health of each stage …", "dim")
    verdict = worst(seen.health)
    bad = sum(other.state is not State.HEALTHY for other in seen.health)
    seconds = seconds_since(seen.health_seen_at, now) if seen.health_seen_at else 0
    old = f", {age(seconds)} ago" if seconds > OLD_SECONDS else ""
    others = f", {bad - 1} more not well" if bad > 1 else ""
    state = f"● {verdict.stage} is {verdict.state.name.lower()}{others}{old}:" if bad else f"● healthy{old}:"
    return _line(Text(state, STATE_STYLES[verdict.state]), Text(f" {printable(verdict.reason)}"))


def _line(*pieces: Text) -> Text:
    """Of one line, however narrow the terminal is."""
    line = Text.assemble(*pieces)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line

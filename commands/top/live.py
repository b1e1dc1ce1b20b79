"""The screen that follows what is published, until q or Ctrl-C."""

import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from coinloom.clock import Clock, utc_now
from coinloom.settings import Settings
from commands.top.following import Following
from commands.top.screen import Seen, lines_around_coins, screen
from commands.top.seen import Prices, read_health, read_prices
from dashboard.database import Database
from dashboard.market import Market
from health.verdicts import Verdict

DRAW_SECONDS = LOOK_SECONDS = 0.5
HEALTH_SECONDS = 5


def follow(settings: Settings, console: Console, currency: str, stop: threading.Event, now: Clock = utc_now) -> None:
    """Until `stop` is set, or q is pressed. What is away is said, and what was seen before it stays on the screen."""
    market = Market(Database(settings))
    prices = Following(lambda: read_prices(market, currency), LOOK_SECONDS, stop)
    health = Following(lambda: read_health(settings), HEALTH_SECONDS, stop)
    with _keys(stop) as pressed, Live(console=console, screen=True, auto_refresh=False) as live:
        while not stop.is_set():
            live.update(_drawn(_seen(prices, health), settings, console, now), refresh=True)
            if pressed(DRAW_SECONDS) == "q":
                stop.set()


def _seen(prices: Following[Prices], health: Following[list[Verdict]]) -> Seen:
    prices.check()
    health.check()
    return Seen(prices.latest, health.latest, health.seen_at, str(prices.error or ""))


def _drawn(seen: Seen, settings: Settings, console: Console, now: Clock) -> Group:
    room = console.height - lines_around_coins(seen)
    return Group(screen(seen, settings, now(), console.width, room), Text("q or Ctrl-C ends", "dim"))


@contextmanager
def _keys(stop: threading.Event) -> Iterator[Callable[[float], str]]:
    """Waits for a key, for so long at most; where nobody can press one, for `stop` alone."""
    if not sys.stdin.isatty():
        yield lambda seconds: str(stop.wait(seconds) or "")
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield lambda seconds: sys.stdin.read(1) if select.select([sys.stdin], [], [], seconds)[0] else ""
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

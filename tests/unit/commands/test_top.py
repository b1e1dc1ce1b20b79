"""The screen at each width: no line is longer, no price is cut; ages and health have their colours."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from coinloom.settings import Settings
from commands.top.screen import Seen, lines_around_coins, screen
from commands.top.seen import NoSuchCurrency, Prices, read_prices
from commands.top.sparkline import sparkline
from dashboard.market import Market
from health.verdicts import State, Verdict
from tests.unit.dashboard.made_database import MadeDatabase, row

NOW = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)
AS_OF = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
SMALL, LARGE = "0.00000000203753", "94,532.9"
HEALTHY = [Verdict("polls", State.HEALTHY, "All is well."), Verdict("marts", State.HEALTHY, "So is this.")]


def coin(number: int, price: float, **changes: Any) -> dict[str, Any]:
    changed = {f"price_change_{over}_pct": -1234.5 for over in ("1m", "5m", "1h", "24h", "7d")}
    return {
        "coin_id": f"coin-{number}",
        "symbol": f"c{number}",
        "name": f"Coin {number} コインの名前 of a length that nobody has seen before",
        "price": price,
        "market_cap": 1.805e12,
        "market_cap_rank": number,
        "volume_24h": 9e10,
        **changed,
        **changes,
    }


def prices(**changes: Any) -> Prices:
    coins = [coin(number, price) for number, price in enumerate([94_532.9, 2.03753e-9] * 15, start=1)]
    board = coins[:5]
    made: dict[str, Any] = {
        "currency": "usd",
        "as_of": AS_OF,
        "published_at": AS_OF,
        "gainers": board,
        "losers": board,
        "coins": coins,
        "lines": {"coin-1": [1.0, 2.0, 3.0] * 24},
    }
    return Prices(**{**made, **changes})


def drawn(seen: Seen, width: int, coins_shown: int = 20, now: datetime = NOW, *, colour: bool = False) -> str:
    colours = "standard" if colour else None
    console = Console(file=io.StringIO(), width=width, force_terminal=colour, color_system=colours)
    console.print(screen(seen, Settings(_env_file=None), now, width, coins_shown))
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 140, 160, 250])
def test_no_line_is_longer_and_no_price_is_cut(width: int) -> None:
    lines = drawn(Seen(prices(), HEALTHY, error="PostgreSQL is away, " * 20), width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    text = "\n".join(lines)
    assert text.count(LARGE) == 10 + 2 * 3
    assert text.count(SMALL) == 10 + 2 * 2
    assert text.count("▼ 1,234.50%") == 10 + 20 * (5 if width >= 140 else 3)
    assert "Coin" in text


def test_what_does_not_fit_into_a_narrow_terminal_breaks_no_line() -> None:
    lines = drawn(Seen(prices(), HEALTHY), 40).splitlines()
    assert max(cell_len(line) for line in lines) <= 40


@pytest.mark.parametrize("error", ["", "PostgreSQL is away"])
@pytest.mark.parametrize("seen", [prices(), prices(gainers=[], losers=[])])
def test_with_the_room_that_is_left_for_coins_it_fills_the_screen(seen: Prices, error: str) -> None:
    height = 24
    shown = Seen(seen, HEALTHY, error=error)
    lines = drawn(shown, 80, height - lines_around_coins(shown)).splitlines()
    assert len(lines) == height - 1  # the last one says how it ends


def test_nothing_yet_is_said() -> None:
    assert drawn(Seen(None, None, error="The marts are empty."), 80).splitlines() == [
        "Coinloom: no prices yet",
        "● looking at the health of each stage …",
        "The marts are empty.",
    ]


def test_a_board_may_be_empty_and_numbers_may_be_missing() -> None:
    bare = coin(1, 2.0, symbol=None, name=None, market_cap=None, market_cap_rank=None, price_change_24h_pct=None)
    text = drawn(Seen(prices(gainers=[], losers=[], coins=[bare], lines={}), HEALTHY), 160)
    assert text.count("nobody") == 2
    assert "COIN-1" in text
    assert "coin-1" in text


@pytest.mark.parametrize(
    ("closes", "line"),
    [
        ([1e-5, 2e-5], "\x1b[32m▁█"),
        ([2e-5, 1e-5], "\x1b[31m█▁"),
        ([90_000, 90_000, 90_000.01], "\x1b[2m▁▁█"),
        ([0.0, 1.0], "\x1b[2m▁█"),
    ],
)
def test_a_line_has_the_colour_of_its_change(closes: list[float], line: str) -> None:
    assert line in drawn(Seen(prices(lines={"coin-1": closes}), HEALTHY), 160, colour=True)


def test_a_currency_that_is_not_there_does_not_steer_the_terminal() -> None:
    market = Market(MadeDatabase(row("bitcoin"), currency="us\x1b[2Jd"))
    with pytest.raises(NoSuchCurrency, match=r"^There are no prices in x·\[2J, there are some in: us·\[2Jd\.$"):
        read_prices(market, "x\x1b[2J")


@pytest.mark.parametrize(("seconds", "colour"), [(30, "32"), (121, "33"), (301, "31")])
def test_the_age_has_the_colour_of_its_state(seconds: int, colour: str) -> None:
    text = drawn(Seen(prices(), HEALTHY), 80, now=AS_OF + timedelta(seconds=seconds), colour=True)
    assert f"\x1b[{colour}m{ {30: '30 s', 121: '2 min 1 s', 301: '5 min 1 s'}[seconds] } old" in text


def test_the_worst_verdict_is_shown_with_how_many_others_there_are() -> None:
    bad = [Verdict("polls", State.STALE, "Old."), Verdict("topic", State.BROKEN, "Away\x1b[2J."), *HEALTHY]
    assert drawn(Seen(None, bad), 80).splitlines()[1] == "● topic is broken, 1 more not well: Away·[2J."
    assert drawn(Seen(None, HEALTHY), 80).splitlines()[1] == "● healthy: All is well."


def test_health_that_nobody_could_look_at_again_says_how_old_it_is() -> None:
    seen = Seen(None, HEALTHY, health_seen_at=NOW - timedelta(seconds=90))
    assert drawn(seen, 80).splitlines()[1] == "● healthy, 1 min 30 s ago: All is well."


@pytest.mark.parametrize(
    ("closes", "width", "line"),
    [
        ([], 8, ""),
        ([5.0], 8, ""),
        ([1, 2, 3, 4, 5, 6, 7, 8], 8, "▁▂▃▄▅▆▇█"),
        ([8, 1], 8, "█▁"),
        ([3, 3, 3], 8, "▁▁▁"),
        ([0, 7, 0, 7, 0, 7, 0, 7, 0], 3, "▁▁▁"),  # the first, the middle and the last
    ],
)
def test_a_line_of_blocks(closes: list[float], width: int, line: str) -> None:
    assert sparkline(closes, width) == line

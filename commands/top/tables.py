"""The boards and the table of coins, as wide as there is room. What comes from outside is text, never markup."""

from collections.abc import Iterator, Sequence

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from coinloom.wording import printable
from commands.top.seen import Prices
from commands.top.sparkline import sparkline
from dashboard import names, numbers
from dashboard.database import Row

CHANGE_STYLES = {"up": "green", "down": "red", "flat": "dim"}
WIDE, WIDEST = 100, 140
"""From so many columns on there is more to see."""
LONGEST_NAME, LONGEST_SYMBOL = 28, 10


def boards(prices: Prices, width: int) -> Table:
    """Gainers and losers side by side."""
    both = Table.grid(padding=(0, 2), expand=True)
    both.add_column(ratio=1)
    both.add_column(ratio=1)
    both.add_row(_board("Gainers", prices.gainers, width), _board("Losers", prices.losers, width))
    return both


def coins(prices: Prices, width: int, at_most: int) -> Table:
    """The largest ones, as many as there is room for."""
    table = _table()
    for title, justify in _headings(width):
        table.add_column(title, justify=justify, header_style="dim", no_wrap=justify == "right")
    for row in prices.coins[: max(0, at_most)]:
        table.add_row(*_coin(row, prices.lines.get(row["coin_id"], []), width))
    return table


def _headings(width: int) -> Iterator[tuple[str, JustifyMethod]]:
    yield from (("#", "right"), ("symbol", "left"), ("name", "left"), ("price", "right"))
    yield from ((change, "right") for change in _changes(width))
    yield "market cap" if width >= WIDE else "cap", "right"
    if width >= WIDE:
        yield from (("volume 24h", "right"), ("6 hours", "left"))


def _coin(row: Row, closes: Sequence[float], width: int) -> Iterator[Text]:
    rank = row["market_cap_rank"]
    yield Text(numbers.ABSENT if rank is None else str(rank), "dim")
    yield _symbol(row)
    yield _name(row)
    yield _number(numbers.price(row["price"]))
    for change in _changes(width):
        yield _change(row[f"price_change_{change}_pct"])
    yield _number(numbers.amount(row["market_cap"]))
    if width >= WIDE:
        yield _number(numbers.amount(row["volume_24h"]))
        style = CHANGE_STYLES[numbers.direction(_change_pct(closes))]
        yield Text(sparkline(closes, 24 if width >= WIDEST else 12), style)


def _change_pct(closes: Sequence[float]) -> float | None:
    """From the first to the last."""
    return (closes[-1] / closes[0] - 1) * 100 if closes and closes[0] else None


def _changes(width: int) -> tuple[str, ...]:
    return ("1m", "5m", "1h", "24h", "7d") if width >= WIDEST else ("5m", "1h", "24h")


def _board(title: str, rows: Sequence[Row], width: int) -> Table:
    table = _table()
    table.add_column(title, header_style="bold")
    if width >= WIDE:
        table.add_column()
    table.add_column("price", justify="right", header_style="dim", no_wrap=True)
    table.add_column("5 min", justify="right", header_style="dim", no_wrap=True)
    for row in rows:
        coin = [_symbol(row), _name(row)] if width >= WIDE else [_symbol(row)]
        table.add_row(*coin, _number(numbers.price(row["price"])), _change(row["price_change_5m_pct"]))
    if not rows:
        table.add_row(Text("nobody", "dim"))
    return table


def _table() -> Table:
    return Table(box=None, expand=True, padding=(0, 1), pad_edge=False)


def _symbol(row: Row) -> Text:
    return _short(names.symbol(row).upper(), LONGEST_SYMBOL, "bold")


def _name(row: Row) -> Text:
    return _short(names.name(row), LONGEST_NAME)


def _short(text: str, at_most: int, style: str = "") -> Text:
    """A column of such cells is made narrower before one of numbers is."""
    short = Text(printable(text), style, no_wrap=True, overflow="ellipsis")
    short.truncate(at_most, overflow="ellipsis")
    return short


def _number(text: str) -> Text:
    return Text(text, no_wrap=True)


def _change(value: float | None) -> Text:
    return Text(numbers.change(value), CHANGE_STYLES[numbers.direction(value)], no_wrap=True)

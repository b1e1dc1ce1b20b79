"""Reading the marts in PostgreSQL as a BI tool would: with the role bi_reader."""

from collections.abc import Sequence
from typing import Any

from psycopg import sql
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coinloom.settings import Settings
from coinloom.wording import printable
from stores.composing import names
from stores.database import connect

CRYPTO_TABLE_SAMPLE = ("coin_id", "bar_minute", "price", "price_change_5m_pct", "sma_20", "ema_20", "volatility_20")
TOP_5 = ("vs_currency", "rank", "coin_id", "symbol", "price", "price_change_5m_pct", "volume_24h", "as_of")


def show_top_5(settings: Settings, console: Console, mart: str) -> int:
    """Print one of the top-5 marts; returns its number of rows."""
    rows = _select(settings, mart, TOP_5, "order by vs_currency, rank")
    _show(console, f"marts.{mart}", TOP_5, rows)
    return len(rows)


def show_sample(settings: Settings, console: Console) -> None:
    """Print the newest rows of crypto_table for the largest coins."""
    newest = "where bar_minute = (select max(bar_minute) from marts.crypto_table) order by market_cap desc nulls last"
    rows = _select(settings, "crypto_table", CRYPTO_TABLE_SAMPLE, f"{newest}, volume_24h desc nulls last limit 5")
    _show(console, "marts.crypto_table, newest minute", CRYPTO_TABLE_SAMPLE, rows)


def _select(settings: Settings, mart: str, columns: Sequence[str], rest: str) -> list[tuple[Any, ...]]:
    query = sql.SQL("select {} from {} ").format(names(columns), sql.Identifier("marts", mart)) + sql.SQL(rest)
    with connect(settings) as connection:
        return connection.execute(query).fetchall()


def _show(console: Console, title: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def _cell(value: Any) -> Text:
    if value is None:
        return Text("–")
    return Text(f"{value:.6g}" if isinstance(value, float) else printable(str(value)))

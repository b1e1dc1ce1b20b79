"""One line of a price file as a price update, or the reason why it is none.

A record is one line: a stray quotation mark costs its own line, not the rest of the file.
"""

import csv
import math
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from coinloom.clock import iso_milliseconds, read_instant
from ingestion.exceptions import PriceFileError
from ingestion.messages import PriceUpdate

REQUIRED_COLUMNS = ("coin_id", "last_updated_at", "price")
OPTIONAL_TEXTS = ("symbol", "name", "vs_currency")
OPTIONAL_NUMBERS = ("market_cap", "market_cap_rank", "volume_24h", "high_24h", "low_24h", "price_change_24h_pct")
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_TEXTS, *OPTIONAL_NUMBERS)

DEFAULT_VS_CURRENCY = "usd"
NULLS = frozenset({"", "null", "none", "nan", "na", "n/a"})


class BadLine(ValueError):
    """Its text is the reason that the load reports."""


def split(line: str) -> list[str]:
    """The cells of one line without its end. Raises BadLine."""
    text = line.rstrip("\r\n")
    if '"' not in text:  # the csv module costs ten times as much, for one line at a time
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise BadLine(f"not CSV ({error})") from None


class LineParser:
    """Reads lines by the names in the header. `fetched_at` is the time of the load, for every row of it."""

    def __init__(self, header: Sequence[str], fetched_at: datetime) -> None:
        names = [name.strip() for name in header]
        _check_header(names)
        self.unknown_columns = [name for name in names if name not in COLUMNS]
        self._width = len(names)
        # A column that the file does not have reads the empty cell that `parse` adds at the end.
        self._cell = {column: names.index(column) if column in names else self._width for column in COLUMNS}
        self._fetched_at = fetched_at
        self._fetched_at_text = iso_milliseconds(fetched_at)
        self._event_time = lru_cache(maxsize=4096)(self._read_event_time)  # files repeat a timestamp for every coin

    def coin_of(self, line: str) -> str:
        """The coin of a line, without a look at the rest; any text for a line that is none."""
        at = self._cell["coin_id"]
        if '"' in line:
            try:
                cells = split(line)
            except BadLine:
                return ""
        else:
            cells = line.split(",", at + 1)
        return cells[at].strip() if at < len(cells) else ""

    def parse(self, line: str) -> PriceUpdate:
        """Raises BadLine with the reason."""
        cells = split(line)
        if len(cells) != self._width:
            raise BadLine(f"{len(cells)} columns, the header has {self._width}")
        cells.append("")
        at = self._cell
        coin_id = cells[at["coin_id"]].strip()
        if not coin_id or "\0" in line:
            raise BadLine("coin_id is missing" if not coin_id else "a NUL character in it")
        return PriceUpdate(
            coin_id=coin_id,
            symbol=cells[at["symbol"]].strip() or None,
            name=cells[at["name"]].strip() or None,
            vs_currency=cells[at["vs_currency"]].strip().lower() or DEFAULT_VS_CURRENCY,
            price=_price(cells[at["price"]]),
            market_cap=_number("market_cap", cells[at["market_cap"]]),
            market_cap_rank=_rank(cells[at["market_cap_rank"]]),
            volume_24h=_number("volume_24h", cells[at["volume_24h"]]),
            high_24h=_number("high_24h", cells[at["high_24h"]]),
            low_24h=_number("low_24h", cells[at["low_24h"]]),
            price_change_24h_pct=_number("price_change_24h_pct", cells[at["price_change_24h_pct"]]),
            last_updated_at=self._event_time(cells[at["last_updated_at"]]),
            fetched_at=self._fetched_at_text,
        )

    def _read_event_time(self, text: str) -> str:
        try:
            moment = read_instant(text.strip())
        except ValueError:
            raise BadLine(f"last_updated_at is not an ISO 8601 time: {text[:40]!r}") from None
        if moment > self._fetched_at:
            raise BadLine(f"last_updated_at is in the future: {text[:40]!r}")
        return iso_milliseconds(moment)


def _check_header(names: Sequence[str]) -> None:
    if missing := [column for column in REQUIRED_COLUMNS if column not in names]:
        found = ", ".join(names)[:200]
        raise PriceFileError(f"the header lacks {', '.join(missing)}; it has: {found} (comma separated, lower case)")
    if twice := sorted({name for name in names if name in COLUMNS and names.count(name) > 1}):
        raise PriceFileError(f"the header has {', '.join(twice)} more than once")


def _price(text: str) -> float:
    price = _number("price", text)
    if price is None:
        raise BadLine("price is missing")
    if price <= 0:
        raise BadLine(f"price is not above zero: {text[:40]!r}")
    return price


def _rank(text: str) -> int | None:
    """A whole number; tables that were written with gaps have it as 1.0."""
    rank = _number("market_cap_rank", text)
    if rank is None or rank.is_integer():
        return None if rank is None else int(rank)
    raise BadLine(f"market_cap_rank is not a whole number: {text[:40]!r}")


def _number(column: str, text: str) -> float | None:
    """A finite number, or None for an empty cell and the usual words for nothing."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        if text.strip().lower() in NULLS:
            return None
        raise BadLine(f"{column} is not a number: {text[:40]!r}") from None
    if math.isfinite(number) and "_" not in text:
        return number
    if math.isnan(number):
        return None
    raise BadLine(f"{column} is not a finite number: {text[:40]!r}")

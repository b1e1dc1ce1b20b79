"""Asks CoinGecko's `/coins/{id}/market_chart/range` for the history of one coin, and reads its samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any
from urllib.parse import quote

from coinloom.clock import iso_milliseconds
from ingestion.coingecko.answers import Shape
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.spans import FINEST_STEP_MS, Series, Span, moment_of
from ingestion.messages import PriceUpdate

QUOTED_CHARACTERS = 60
CHART = Shape(
    "a JSON object with a list of prices",
    lambda body: isinstance(body, dict) and isinstance(body.get("prices"), list),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a chart says of one moment, in ms since 1970; the price is above zero."""

    time_ms: int
    price: int | float
    market_cap: int | float | None
    volume_24h: int | float | None


@dataclass(frozen=True, slots=True)
class BadSample:
    """A sample that did not go in."""

    series: Series
    reason: str


def ask_chart(client: CoinGeckoClient, series: Series, span: Span, now_ms: int) -> dict[str, Any]:
    """The chart of a span, and possibly some samples around it. Raises a CoinGeckoError."""
    # Only a period that reaches up to now has samples every 5 minutes.
    until_ms = max(span.until_ms, now_ms) if span.is_recent(now_ms) else span.until_ms
    period: dict[str, str | int] = {"from": span.start_ms // 1000, "to": -(-until_ms // 1000)}
    path = f"/coins/{quote(series.coin_id, safe='')}/market_chart/range"
    chart: dict[str, Any] = client.get(path, {"vs_currency": series.vs_currency, **period, "precision": "full"}, CHART)
    return chart


def came_in_time(span: Span, asked_ms: int, answered_ms: int) -> bool:
    """Whether a chart of the last day was that to CoinGecko, too, when it answered.

    A call waits for its turn, and again when CoinGecko says so, with the period that it was given at first. If that no
    longer reaches up to now, its samples are an hour apart.
    """
    return not span.is_recent(asked_ms) or answered_ms - asked_ms <= FINEST_STEP_MS


def read_samples(chart: dict[str, Any], series: Series, span: Span) -> Iterator[Sample | BadSample]:
    """The samples in a span. Market cap and volume are those of the same ms, and null if they are no numbers."""
    market_caps, volumes = _by_time(chart.get("market_caps")), _by_time(chart.get("total_volumes"))
    for pair in chart["prices"]:
        if not _is_timed(pair):
            yield BadSample(series, f"not a time and a price: {str(pair)[:QUOTED_CHARACTERS]}")
        elif span.start_ms <= pair[0] < span.until_ms:
            time_ms, price = pair
            if _is_number(price) and 0 < price < inf:
                yield Sample(time_ms, price, market_caps.get(time_ms), volumes.get(time_ms))
            else:
                what = f"the price of {iso_milliseconds(moment_of(time_ms))} is not a number above zero"
                yield BadSample(series, f"{what}: {price!r:.{QUOTED_CHARACTERS}}")


def update_of(sample: Sample, series: Series, fetched_at: datetime) -> PriceUpdate:
    """The sample as a price update: what a chart does not say is null."""
    return PriceUpdate(
        coin_id=series.coin_id,
        symbol=None,
        name=None,
        vs_currency=series.vs_currency,
        price=sample.price,
        market_cap=sample.market_cap,
        market_cap_rank=None,
        volume_24h=sample.volume_24h,
        high_24h=None,
        low_24h=None,
        price_change_24h_pct=None,
        last_updated_at=iso_milliseconds(moment_of(sample.time_ms)),
        fetched_at=iso_milliseconds(fetched_at),
    )


def _by_time(pairs: Any) -> dict[int, int | float]:
    timed = [pair for pair in pairs if _is_timed(pair)] if isinstance(pairs, list) else []
    return {time_ms: value for time_ms, value in timed if _is_number(value)}


def _is_timed(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], int)  # noqa: PLR2004  a pair


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

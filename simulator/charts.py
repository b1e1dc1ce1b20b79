"""The parameters of `/coins/{id}/market_chart/range` and its answer, as the keyless plan gets it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.history import FIVE_MINUTES_MS, HOUR_MS, History
from simulator.market import Market
from simulator.paths import DAY_MS
from simulator.query import required
from simulator.rounding import Rounding, amount, price_rounding

_LONGEST_HOURLY_MS = 90 * DAY_MS
_REACH_MS = 365 * DAY_MS
_MOST_DIGITS = 11  # of seconds since 1970, to the year 5138


class UnknownCoinError(ValueError):
    """There is no coin of this id."""


class InvalidParameterError(ValueError):
    """A parameter, named by the error, is not what it must be."""


class BeyondReachError(ValueError):
    """The period begins more than 365 days ago."""


@dataclass(frozen=True, slots=True)
class ChartQuery:
    """What was asked for; the period in ms since 1970, both ends included."""

    vs_currency: str
    start_ms: int
    end_ms: int
    precision: str

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "ChartQuery":
        """Reads the query string. Raises MissingParameterError and InvalidParameterError."""
        vs_currency = required(parameters, "vs_currency").lower()
        start_ms, end_ms = _time_ms(parameters, "from"), _time_ms(parameters, "to")
        return cls(vs_currency, start_ms, end_ms, parameters.get("precision", ""))

    def step_ms(self, now_ms: int) -> int:
        """5 minutes for the last day up to now, an hour for up to 90 days of any time, a day for more."""
        if self.start_ms >= now_ms - DAY_MS and self.end_ms >= now_ms - FIVE_MINUTES_MS:
            return FIVE_MINUTES_MS
        return HOUR_MS if self.end_ms - self.start_ms <= _LONGEST_HOURLY_MS else DAY_MS


def answer_chart(
    market: Market, history: History, now_ms: int, coin_id: str, parameters: Mapping[str, str]
) -> dict[str, list[list[Any]]]:
    """The body at a market time. Raises the errors above, MissingParameterError and UnknownCurrencyError."""
    query = ChartQuery.from_parameters(parameters)
    market.require_currency(query.vs_currency)
    position = next((at for at, coin in enumerate(market.coins) if coin.id == coin_id), None)
    if position is None:
        raise UnknownCoinError(coin_id)
    if query.start_ms < now_ms - _REACH_MS:
        raise BeyondReachError
    between = query.start_ms, min(query.end_ms, now_ms)
    samples = list(history.samples(position, query.vs_currency, between, query.step_ms(now_ms)))
    round_price = price_rounding(query.precision)
    return {
        "prices": [[sample.time_ms, _shown(sample.price, round_price)] for sample in samples],
        "market_caps": [[sample.time_ms, _shown(sample.market_cap, amount)] for sample in samples],
        "total_volumes": [[sample.time_ms, _shown(sample.volume_24h, amount)] for sample in samples],
    }


def _time_ms(parameters: Mapping[str, str], name: str) -> int:
    text = required(parameters, name)
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise InvalidParameterError(name)
    return 1000 * int(text)


def _shown(value: float, rounding: Rounding) -> float | int | None:
    return None if math.isnan(value) else rounding(value)

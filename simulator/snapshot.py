"""The market at a moment in one quote currency, and what its odd coins do not say."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.assets import Floats
from simulator.oddity import Oddity
from simulator.schedule import Milliseconds


@dataclass(frozen=True)
class Snapshot:
    """One element per coin, in the order of `Market.coins`. Money is in the quote currency, NaN where it is unknown."""

    taken_ms: int
    updated_ms: Milliseconds
    level: Floats  # the price that the coin keeps returning to; constant
    price: Floats
    price_24h_ago: Floats
    high_24h: Floats
    low_24h: Floats
    volume_24h: Floats
    market_cap: Floats
    market_cap_24h_ago: Floats

    @property
    def rank(self) -> Floats:
        """1 for the largest market cap; NaN where it is missing or 0. Ties go to the coin listed first."""
        rank = np.full(len(self.market_cap), np.nan)
        ranked = np.flatnonzero(self.market_cap > 0)
        rank[ranked[np.argsort(-self.market_cap[ranked], kind="stable")]] = np.arange(1, len(ranked) + 1)
        return rank


def withhold(snapshot: Snapshot, oddities: NDArray[np.str_], is_priceless: NDArray[np.bool_]) -> Snapshot:
    """The snapshot without the values that the coins' oddities, or the moment (`is_priceless`), take away."""

    def without(values: Floats, *reasons: Oddity) -> Floats:
        return np.where(np.isin(oddities, reasons), np.nan, values)

    has_no_cap = oddities == Oddity.ZERO_MARKET_CAP
    return replace(
        snapshot,
        price=np.where(is_priceless, np.nan, snapshot.price),
        price_24h_ago=without(snapshot.price_24h_ago, Oddity.DEAD),
        high_24h=without(snapshot.high_24h, Oddity.DEAD, Oddity.NO_HIGH_LOW),
        low_24h=without(snapshot.low_24h, Oddity.DEAD, Oddity.NO_HIGH_LOW),
        volume_24h=without(snapshot.volume_24h, Oddity.DEAD, Oddity.NO_VOLUME),
        market_cap=without(np.where(has_no_cap, 0.0, snapshot.market_cap), Oddity.NO_MARKET_CAP),
        market_cap_24h_ago=without(
            np.where(has_no_cap, 0.0, snapshot.market_cap_24h_ago), Oddity.NO_MARKET_CAP, Oddity.DEAD
        ),
    )

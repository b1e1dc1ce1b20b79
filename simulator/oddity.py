"""The ways in which a coin of the real API is not like the others, and which coins of a market have them."""

from enum import StrEnum

import numpy as np


class Oddity(StrEnum):
    """What is odd about a coin. A coin has one at most."""

    NONE = "none"
    SLOW = "slow"  # renewed every few minutes: up to 17 minutes behind
    STALE = "stale"  # renewed every nine hours
    DEAD = "dead"  # renewed every 240 days; no 24 h values
    NO_MARKET_CAP = "no market cap"  # supply unknown: no market cap, no rank
    ZERO_MARKET_CAP = "zero market cap"  # supply unverified: market cap 0, no rank
    NO_VOLUME = "no volume"
    NO_HIGH_LOW = "no high and low"
    NO_PRICE_AT_TIMES = "no price at times"
    NO_LAST_UPDATED = "no last updated"


_HOW_MANY = {
    Oddity.SLOW: 12,
    Oddity.STALE: 3,
    Oddity.DEAD: 3,
    Oddity.NO_MARKET_CAP: 4,
    Oddity.ZERO_MARKET_CAP: 1,
    Oddity.NO_VOLUME: 3,
    Oddity.NO_HIGH_LOW: 2,
    Oddity.NO_PRICE_AT_TIMES: 2,
    Oddity.NO_LAST_UPDATED: 1,
}
_SOUND_COINS = 20
_TAIL = 120


def deal_oddities(coin_count: int, rng: np.random.Generator) -> list[Oddity]:
    """One oddity or NONE for each coin, largest coin first.

    They fall on the 120 smallest coins and never on the 20 largest, so a market of fewer than 51 coins has only some
    of the oddities, and one of 20 has none.
    """
    oddities = [Oddity.NONE] * coin_count
    hand = [oddity for oddity, times in _HOW_MANY.items() for _ in range(times)]
    tail = np.arange(max(_SOUND_COINS, coin_count - _TAIL), coin_count)
    for position, oddity in zip(rng.permutation(tail), hand, strict=False):
        oddities[position] = oddity
    return oddities

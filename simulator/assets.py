"""Everything that has a price in US dollars, as arrays: the coins first, then the currencies of states."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.catalogue import Coin

Floats = NDArray[np.float64]

# Price of one unit in US dollars, and the daily standard deviation of its logarithm.
_FIAT = {"usd": (1.0, 0.0), "eur": (1.15, 0.004), "gbp": (1.34, 0.004), "jpy": (0.0066, 0.005)}
_COINS_TO_QUOTE_IN = {"btc": "bitcoin", "eth": "ethereum"}


@dataclass(frozen=True)
class Assets:
    """One element per asset, and for each quote currency the position of the asset that prices are divided by."""

    log_level: Floats  # logarithm of the price in US dollars that the asset keeps returning to
    beta: Floats
    own_volatility: Floats  # per day
    jump_chance: Floats  # per day
    quotes: dict[str, int]

    def __len__(self) -> int:
        return len(self.log_level)


def assets_of(coins: list[Coin]) -> Assets:
    """The assets of a market. Quote currencies that are coins are there only if the coin is."""
    levels = [coin.listing.price_usd for coin in coins] + [level for level, _ in _FIAT.values()]
    volatility = [coin.own_volatility for coin in coins] + [volatility for _, volatility in _FIAT.values()]
    beta = [coin.beta for coin in coins] + [0.0] * len(_FIAT)
    return Assets(
        log_level=np.log(levels),
        beta=np.array(beta),
        own_volatility=np.array(volatility),
        jump_chance=np.where(np.array(beta) > 0, 0.15, 0.0),
        quotes=_quotes(coins),
    )


def _quotes(coins: list[Coin]) -> dict[str, int]:
    position = {coin.id: index for index, coin in enumerate(coins)}
    fiat = {currency: len(coins) + index for index, currency in enumerate(_FIAT)}
    return fiat | {currency: position[coin] for currency, coin in _COINS_TO_QUOTE_IN.items() if coin in position}

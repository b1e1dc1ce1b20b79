"""A whole market that can be asked what it looks like at any moment."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.assets import Floats, assets_of
from simulator.catalogue import Coin, list_coins
from simulator.chance import uniform
from simulator.oddity import Oddity
from simulator.paths import DAY_MS, Paths
from simulator.readings import Readings
from simulator.schedule import Milliseconds, cache_windows, coin_updates
from simulator.snapshot import Snapshot, withhold

_SNAPSHOTS_KEPT = 12
_PRICELESS_MS = 600_000
_PRICELESS_SHARE = 0.3


class UnknownCurrencyError(ValueError):
    """Prices are not quoted in this currency."""


class Market:
    """`count` coins (at least 1) whose prices are a function of `seed` (at least 0), `count` and market time.

    About 100 KB of memory per coin hold the last few days; a new day takes 0.1 s per 250 coins to compute, once.
    """

    def __init__(self, seed: int, count: int) -> None:
        self.coins: list[Coin] = list_coins(seed, count)
        self._seed = seed
        self._oddities = np.array([coin.oddity for coin in self.coins], dtype=np.str_)
        self._assets = assets_of(self.coins)
        self._readings = Readings(Paths(seed, self._assets), count)
        self._updates = coin_updates(seed, [coin.oddity for coin in self.coins])
        self._windows = cache_windows(seed)
        self._taken = lru_cache(maxsize=_SNAPSHOTS_KEPT)(self._take)
        self._volume_usd = np.array([coin.listing.market_cap_usd * coin.turnover for coin in self.coins])
        self.supply = np.array([coin.listing.market_cap_usd / coin.listing.price_usd for coin in self.coins])

    @property
    def currencies(self) -> list[str]:
        """The quote currencies, such as "usd"."""
        return sorted(self._assets.quotes)

    def snapshot(self, time_ms: int, vs_currency: str) -> Snapshot:
        """The market as a cached answer shows it at `time_ms` (ms since 1970): taken up to 60 s before.

        Raises UnknownCurrencyError.
        """
        self.require_currency(vs_currency)
        return self._taken(int(self._windows.latest(time_ms)[0]), vs_currency)

    def require_currency(self, vs_currency: str) -> None:
        """Raises UnknownCurrencyError if prices are not quoted in it."""
        if vs_currency not in self._assets.quotes:
            raise UnknownCurrencyError(vs_currency)

    def _take(self, taken_ms: int, vs_currency: str) -> Snapshot:
        quote = self._assets.quotes[vs_currency]
        updated_ms = self._updates.latest(taken_ms)
        is_dead = self._oddities == Oddity.DEAD
        # The path of a dead coin is never shown, so days that are months ago need not be computed.
        read_ms = np.where(is_dead, taken_ms, updated_ms)
        level = np.exp(self._assets.log_level[: len(self.coins)] - self._assets.log_level[quote])
        price = np.where(is_dead, level, self._price(read_ms, level, quote))
        price_24h_ago = self._price(read_ms - DAY_MS, level, quote)
        high, low = (level * np.exp(offset) for offset in self._readings.high_low(read_ms, quote))
        complete = Snapshot(
            taken_ms=taken_ms,
            updated_ms=updated_ms,
            level=level,
            price=price,
            price_24h_ago=price_24h_ago,
            high_24h=np.maximum(high, price),
            low_24h=np.minimum(low, price),
            volume_24h=self._volume(read_ms, quote),
            market_cap=self.supply * price,
            market_cap_24h_ago=self.supply * price_24h_ago,
        )
        return withhold(complete, self._oddities, self._is_priceless(updated_ms))

    def _price(self, read_ms: Milliseconds, level: Floats, quote: int) -> Floats:
        coins = np.arange(len(self.coins))
        return np.asarray(level * np.exp(self._readings.relative_log_offset(read_ms, coins, quote)))

    def _volume(self, read_ms: Milliseconds, quote: int) -> Floats:
        quotes = np.full(len(read_ms), quote)
        quote_usd = np.exp(self._assets.log_level[quote] + self._readings.log_offset(read_ms, quotes))
        return np.asarray(self._volume_usd * self._readings.mean_activity(read_ms) / quote_usd)

    def _is_priceless(self, updated_ms: Milliseconds) -> NDArray[np.bool_]:
        """Coins of that oddity have no price in about three of ten stretches of ten minutes."""
        streams = -2 - np.arange(len(updated_ms))
        chance = uniform(self._seed, streams, updated_ms // _PRICELESS_MS)
        return np.asarray((self._oddities == Oddity.NO_PRICE_AT_TIMES) & (chance < _PRICELESS_SHARE))

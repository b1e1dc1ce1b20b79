"""Synthetic polls: rows of landing, one per coin, as the stream would have written them."""

import uuid
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from checks.landing import SCHEMA
from ingestion.messages import Source
from spark_streaming.transforms import LANDING_COLUMNS

STEP_OF_LOG_PRICE = 1e-3  # standard deviation
UPDATE_SPREAD_SECONDS = 20  # the updates of a poll are up to so much later than the instant that it is named by

Instants = NDArray[np.datetime64]


class Market:
    """Random walks, always the same ones; each call goes on where the last one ended, in prices and Kafka offsets."""

    def __init__(self, coins: int) -> None:
        self._random = np.random.default_rng(seed=7)
        self._log_prices = self._random.uniform(-8, 11, coins)
        self._supply = np.exp(self._random.uniform(15, 25, coins))
        self._coins = [f"coin-{number:03}" for number in range(1, coins + 1)]
        self._next_offset = 0

    def polls(self, instants: Instants) -> pa.Table:
        """One landed row per coin and instant, in order of time."""
        coins = len(self._coins)
        walk = self._log_prices + np.cumsum(self._random.normal(0, STEP_OF_LOG_PRICE, (len(instants), coins)), axis=0)
        self._log_prices = walk[-1]
        columns = self._places(instants) | self._texts(instants) | self._numbers(np.exp(walk), len(instants))
        return pa.table(columns).select(LANDING_COLUMNS).cast(SCHEMA)

    def _places(self, instants: Instants) -> dict[str, Any]:
        coins = len(self._coins)
        rows = coins * len(instants)
        offsets = np.arange(self._next_offset, self._next_offset + rows)
        self._next_offset += rows
        polled = np.repeat(instants, coins)
        lag = np.tile(np.arange(coins) % UPDATE_SPREAD_SECONDS, len(instants)).astype("timedelta64[s]")
        fetched = polled + np.timedelta64(UPDATE_SPREAD_SECONDS + 5, "s")
        return {
            "kafka_partition": np.zeros(rows, dtype="int32"),
            "kafka_offset": offsets,
            "last_updated_at": polled + lag,
            "fetched_at": fetched,
            "produced_at": fetched + np.timedelta64(100, "ms"),
            "landed_at": fetched + np.timedelta64(1, "s"),
        }

    def _texts(self, instants: Instants) -> dict[str, Any]:
        coins, polls = len(self._coins), len(instants)
        each_coin, each_poll = np.tile(np.arange(coins), polls), np.repeat(np.arange(polls), coins)
        poll_ids = [str(uuid.UUID(int=int(instant.astype("int64")))) for instant in instants]
        one_value = {"kafka_topic": "crypto-prices", "vs_currency": "usd", "source": Source.LIVE.value}
        return {
            "coin_id": pa.DictionaryArray.from_arrays(each_coin, self._coins),
            "symbol": pa.DictionaryArray.from_arrays(each_coin, [coin[-3:] for coin in self._coins]),
            "name": pa.DictionaryArray.from_arrays(each_coin, [coin.title() for coin in self._coins]),
            "poll_id": pa.DictionaryArray.from_arrays(each_poll, poll_ids),
            **{name: pa.repeat(value, coins * polls) for name, value in one_value.items()},
            "schema_version": pa.repeat("1.0", coins * polls),
        }

    def _numbers(self, prices: NDArray[np.float64], polls: int) -> dict[str, Any]:
        return {
            "price": prices.ravel(),
            "market_cap": np.round(prices * self._supply).ravel(),
            "market_cap_rank": np.tile(np.arange(1, len(self._coins) + 1, dtype="int32"), polls),
            "volume_24h": np.round(prices * self._supply / 20).ravel(),
            "high_24h": (prices * 1.02).ravel(),
            "low_24h": (prices * 0.98).ravel(),
            "price_change_24h_pct": np.zeros(prices.size),
            "is_event_time_imputed": np.zeros(prices.size, dtype=bool),
        }

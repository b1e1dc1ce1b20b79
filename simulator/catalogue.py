"""The coins of a market: the well-known ones of coins.csv, then as many invented ones as were asked for."""

import csv
import math
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from simulator.naming import Identity, invent
from simulator.oddity import Oddity, deal_oddities
from simulator.records import Record, draw_high_and_low

MARKET_VOLATILITY = 0.022  # daily standard deviation of the market factor

_SMALLEST_MARKET_CAP_USD = 1.5e4
_CAPPED_SHARE, _FUNDED_SHARE = 0.5, 0.15
_INVENTED_PRICES_USD = (1.5e-9, 300.0)


class Kind(StrEnum):
    """How a coin moves: with the market, wildly, or hardly."""

    COIN = "coin"
    MEME = "meme"
    STABLE = "stable"


class Listing(NamedTuple):
    """A coin's identity, kind and size. Money is in US dollars, at the level that the market keeps returning to."""

    identity: Identity
    kind: Kind
    price_usd: float
    market_cap_usd: float


@dataclass(frozen=True)
class Coin:
    """Everything about a coin that does not change with time."""

    listing: Listing
    oddity: Oddity
    turnover: float  # 24 h volume as a share of the market cap
    beta: float  # sensitivity to the market factor
    own_volatility: float  # daily standard deviation of the log price beside the factor
    issued_share: float  # circulating supply as a share of the total supply
    is_capped: bool  # whether there is a maximum supply
    funding_multiple: float | None  # price level as a multiple of the first sale's; None: no sale was recorded
    all_time_high: Record
    all_time_low: Record

    @property
    def id(self) -> str:
        return self.listing.identity.id


def list_coins(seed: int, count: int) -> list[Coin]:
    """`count` coins by falling market cap. The same seed and count give the same coins; ids are unique."""
    rng = np.random.default_rng([seed, 1])
    known = _known()[:count]
    listings = known + _invented(count - len(known), known, rng)
    oddities = deal_oddities(count, rng)
    return [
        _coin(listing, oddity, rank, rng)
        for rank, (listing, oddity) in enumerate(zip(listings, oddities, strict=True), start=1)
    ]


def _known() -> list[Listing]:
    with files("simulator").joinpath("coins.csv").open(encoding="utf-8") as lines:
        return [
            Listing(
                Identity(row["id"], row["symbol"], row["name"]),
                Kind(row["kind"]),
                float(row["price_usd"]),
                float(row["market_cap_usd"]),
            )
            for row in csv.DictReader(lines)
        ]


def _invented(count: int, known: list[Listing], rng: np.random.Generator) -> list[Listing]:
    """Prices spread over eleven powers of ten in any order, market caps falling evenly on a log scale."""
    if count == 0:
        return []
    identities = invent(count, {listing.identity.id for listing in known}, rng)
    prices = np.geomspace(*_INVENTED_PRICES_USD, count)
    market_caps = np.geomspace(known[-1].market_cap_usd, _SMALLEST_MARKET_CAP_USD, count + 1)[1:]
    kinds = rng.choice([Kind.COIN, Kind.COIN, Kind.MEME], count)
    return [
        Listing(identity, Kind(kind), float(price), float(market_cap))
        for identity, kind, price, market_cap in zip(
            identities, kinds, rng.permutation(prices), market_caps, strict=True
        )
    ]


def _coin(listing: Listing, oddity: Oddity, rank: int, rng: np.random.Generator) -> Coin:
    beta, own_volatility = _movement(listing.kind, rank, rng)
    high, low = draw_high_and_low(math.hypot(MARKET_VOLATILITY * beta, own_volatility), rng)
    return Coin(
        listing=listing,
        oddity=oddity,
        turnover=float(np.exp(rng.normal(-3.2, 0.8))),
        beta=beta,
        own_volatility=own_volatility,
        issued_share=float(rng.uniform(0.2, 1.0)),
        is_capped=bool(rng.random() < _CAPPED_SHARE),
        funding_multiple=float(np.exp(rng.normal(1.5, 1.5))) if rng.random() < _FUNDED_SHARE else None,
        all_time_high=high,
        all_time_low=low,
    )


def _movement(kind: Kind, rank: int, rng: np.random.Generator) -> tuple[float, float]:
    """Beta and own daily volatility: small coins and memes are the wilder ones."""
    if kind is Kind.STABLE:
        return 0.0, 0.0003
    own_volatility = 0.006 + 0.008 * np.log10(rank) + rng.uniform(0.0, 0.008)
    if kind is Kind.MEME:
        return float(rng.uniform(1.2, 1.8)), float(2.0 * own_volatility)
    return float(rng.uniform(0.8, 1.4)), float(own_volatility)

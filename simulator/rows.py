"""The fields of one coin in an answer of `/coins/markets`, in the order of the real API."""

import math
from typing import Any

from simulator.assets import Floats
from simulator.catalogue import Coin
from simulator.market import Market
from simulator.oddity import Oddity
from simulator.records import Record
from simulator.rounding import Rounding, amount
from simulator.snapshot import Snapshot
from simulator.timestamps import iso_utc

Row = dict[str, Any]


def rows_of(market: Market, snapshot: Snapshot, positions: list[int], round_price: Rounding) -> list[Row]:
    """The JSON objects of the coins at `positions`, in that order; `round_price` shapes everything that is a price."""
    rank = snapshot.rank
    return [_row(market, snapshot, position, rank, round_price) for position in positions]


def _row(market: Market, snapshot: Snapshot, position: int, rank: Floats, round_price: Rounding) -> Row:
    coin, supply = market.coins[position], float(market.supply[position])
    price, cap = _value(snapshot.price, position), _value(snapshot.market_cap, position)
    diluted = price * supply / coin.issued_share if price is not None and coin.is_capped else None
    place = _value(rank, position)
    level = float(snapshot.level[position])
    return {
        **_identity(coin, position),
        "current_price": _shown(price, round_price),
        "market_cap": _shown(cap, amount),
        "market_cap_rank": None if place is None else int(place),
        "fully_diluted_valuation": _shown(diluted, amount),
        "total_volume": _shown(_value(snapshot.volume_24h, position), amount),
        "high_24h": _shown(_value(snapshot.high_24h, position), round_price),
        "low_24h": _shown(_value(snapshot.low_24h, position), round_price),
        **_change("price", price, _value(snapshot.price_24h_ago, position)),
        **_change("market_cap", cap, _value(snapshot.market_cap_24h_ago, position)),
        **_supplies(coin, supply),
        **_record("ath", coin.all_time_high, price, level, round_price),
        **_record("atl", coin.all_time_low, price, level, round_price),
        "roi": _roi(coin, price, level),
        "last_updated": _last_updated(coin, int(snapshot.updated_ms[position])),
    }


def _identity(coin: Coin, position: int) -> Row:
    identity = coin.listing.identity
    image = f"https://coin-images.coingecko.com/coins/images/{position + 1}/large/{identity.id}.png"
    return {"id": identity.id, "symbol": identity.symbol, "name": identity.name, "image": image}


def _change(of: str, now: float | None, before: float | None) -> Row:
    """Null when an end is unknown; no change of what was 0."""
    difference = percentage = None
    if now is not None and before is not None:
        difference = now - before
        percentage = round(100 * difference / before, 5) if before else 0.0
    return {f"{of}_change_24h": difference, f"{of}_change_percentage_24h": percentage}


def _supplies(coin: Coin, supply: float) -> Row:
    total = supply / coin.issued_share
    return {
        "circulating_supply": 0.0 if coin.oddity is Oddity.ZERO_MARKET_CAP else supply,
        "total_supply": total,
        "max_supply": total if coin.is_capped else None,
    }


def _record(name: str, record: Record, price: float | None, level: float, round_price: Rounding) -> Row:
    extreme = level * record.multiple
    percentage = None if price is None else round(100 * (price / extreme - 1), 5)
    return {name: round_price(extreme), f"{name}_change_percentage": percentage, f"{name}_date": record.date}


def _roi(coin: Coin, price: float | None, level: float) -> Row | None:
    if coin.funding_multiple is None or price is None:
        return None
    times = coin.funding_multiple * price / level - 1
    return {"times": times, "currency": "usd", "percentage": 100 * times}


def _last_updated(coin: Coin, updated_ms: int) -> str | None:
    return None if coin.oddity is Oddity.NO_LAST_UPDATED else iso_utc(updated_ms)


def _value(values: Floats, position: int) -> float | None:
    value = float(values[position])
    return None if math.isnan(value) else value


def _shown(value: float | None, rounding: Rounding) -> float | int | None:
    return None if value is None else rounding(value)

"""The simulated market, without HTTP."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from simulator.assets import assets_of
from simulator.catalogue import Kind
from simulator.clock import MarketClock
from simulator.market import Market, UnknownCurrencyError
from simulator.oddity import Oddity
from simulator.paths import Paths
from simulator.readings import Readings
from simulator.rounding import price_rounding

NOON_MS = 1_779_105_600_000  # 2026-05-18T12:00Z
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(seed=7, count=250)


def _positions(market: Market, *oddities: Oddity) -> list[int]:
    return [at for at, coin in enumerate(market.coins) if coin.oddity in oddities]


def test_the_same_moment_is_the_same_whatever_was_asked_before(market: Market) -> None:
    for hours in (300, 2, 40, 0):
        market.snapshot(NOON_MS + hours * HOUR_MS, "eur")
    fresh = Market(seed=7, count=250)
    for field, value in vars(fresh.snapshot(NOON_MS, "eur")).items():
        np.testing.assert_array_equal(getattr(market.snapshot(NOON_MS, "eur"), field), value, err_msg=field)


def test_another_seed_is_another_market(market: Market) -> None:
    other = Market(seed=8, count=250).snapshot(NOON_MS, "usd")
    here = market.snapshot(NOON_MS, "usd")
    assert np.mean(other.price == here.price) < 0.1
    assert other.taken_ms != here.taken_ms


def test_ids_are_unique_and_known_coins_are_there(market: Market) -> None:
    ids = [coin.id for coin in market.coins]
    assert len(set(ids)) == len(ids) == 250
    assert {"bitcoin", "ethereum", "tether", "solana", "avalanche-2", "polygon-ecosystem-token"} <= set(ids)


def test_symbols_repeat_and_are_strange(market: Market) -> None:
    symbols = [coin.listing.identity.symbol for coin in market.coins]
    assert len(symbols) - len(set(symbols)) >= 5
    assert "🚀" in symbols
    assert max(len(symbol) for symbol in symbols) == 50


@pytest.mark.parametrize("count", [1, 30, 600])
def test_a_market_can_have_any_size(count: int) -> None:
    snapshot = Market(seed=1, count=count).snapshot(NOON_MS, "usd")
    assert len(snapshot.price) == count
    assert np.nanmin(snapshot.price) > 0


def test_prices_and_sizes_stay_plausible_for_months(market: Market) -> None:
    for days in range(0, 200, 20):
        snapshot = market.snapshot(NOON_MS + days * DAY_MS, "usd")
        assert 2e-10 < np.nanmin(snapshot.price) < 1e-8
        assert 3e4 < np.nanmax(snapshot.price) < 3e5
        positive_caps = snapshot.market_cap[snapshot.market_cap > 0]
        assert 3e3 < positive_caps.min() < 1e5
        assert 5e11 < positive_caps.max() < 5e12
        assert 5 <= np.sum(snapshot.volume_24h < 50_000) <= 125


def test_stablecoins_stay_at_one_dollar(market: Market) -> None:
    stable = [at for at, coin in enumerate(market.coins) if coin.listing.kind is Kind.STABLE]
    assert len(stable) >= 5
    for hours in range(0, 240, 24):
        np.testing.assert_allclose(market.snapshot(NOON_MS + hours * HOUR_MS, "usd").price[stable], 1.0, atol=0.01)


def _minute_returns(market: Market, minutes: int) -> np.ndarray:
    moments = [market.snapshot(NOON_MS + minute * MINUTE_MS, "usd") for minute in range(minutes)]
    return np.diff(np.log([snapshot.price for snapshot in moments]), axis=0)


def test_coins_move_together_and_stablecoins_do_not(market: Market) -> None:
    returns = _minute_returns(market, minutes=180)
    sound = [at for at, coin in enumerate(market.coins) if coin.oddity is Oddity.NONE]
    stable = [at for at in sound if market.coins[at].listing.kind is Kind.STABLE]
    moving = [at for at in sound if at not in stable]
    correlation = np.corrcoef(returns[:, moving], rowvar=False)
    pairs = correlation[np.triu_indices_from(correlation, k=1)]
    assert len(pairs) > 10_000
    assert 0.1 < pairs.mean() < 0.9
    assert returns[:, stable].std() < 0.1 * returns[:, moving].std()


def test_coins_differ_in_volatility_and_sometimes_jump(market: Market) -> None:
    prices = np.log([market.snapshot(NOON_MS + 5 * step * MINUTE_MS, "usd").price for step in range(288)])
    sound = [at for at, coin in enumerate(market.coins) if coin.oddity is Oddity.NONE]
    returns = np.diff(prices, axis=0)[:, sound]
    deviations = returns.std(axis=0)
    assert deviations.max() > 2 * np.median(deviations)
    assert (np.abs(returns) > 8 * deviations).any()


def test_volume_follows_volatility() -> None:
    market, bitcoin, days = Market(seed=7, count=5), 0, 40
    hourly = np.log([market.snapshot(NOON_MS + hour * HOUR_MS, "usd").price[bitcoin] for hour in range(24 * days + 1)])
    volatility = np.diff(hourly).reshape(days, 24).std(axis=1)
    volume = [market.snapshot(NOON_MS + (day + 1) * DAY_MS, "usd").volume_24h[bitcoin] for day in range(days)]
    assert np.corrcoef(volatility, np.log(volume))[0, 1] > 0.4


def test_high_and_low_bound_every_price_of_the_day_before(market: Market) -> None:
    for currency in ("usd", "btc"):
        last = market.snapshot(NOON_MS, currency)
        begin_ms = last.updated_ms - DAY_MS + 5 * MINUTE_MS  # the trailing window is up to 5 minutes short of a day
        seen = [market.snapshot(NOON_MS - minutes * MINUTE_MS, currency) for minutes in range(0, 24 * 60, 7)]
        prices = np.array([np.where(then.updated_ms >= begin_ms, then.price, np.nan) for then in seen])
        known = ~np.isnan(last.high_24h) & ~np.isnan(prices).all(axis=0)
        assert known.sum() > 200
        assert (np.nanmax(prices[:, known], axis=0) <= last.high_24h[known] * (1 + 1e-6)).all()
        assert (np.nanmin(prices[:, known], axis=0) >= last.low_24h[known] * (1 - 1e-6)).all()
        assert np.median(last.high_24h[known] / last.low_24h[known]) < 1.5


def test_the_change_is_from_the_price_of_24_hours_ago(market: Market) -> None:
    now = market.snapshot(NOON_MS, "usd")
    yesterday = [market.snapshot(NOON_MS - DAY_MS + seconds * 1000, "usd") for seconds in range(-300, 301, 30)]
    ethereum = 1
    nearby = [snapshot.price[ethereum] for snapshot in yesterday]
    assert min(nearby) * 0.998 < now.price_24h_ago[ethereum] < max(nearby) * 1.002


def test_between_two_steps_the_price_is_on_a_line(market: Market) -> None:
    readings = Readings(Paths(7, assets_of(market.coins)), 250)
    coins = np.arange(250)
    start, quarter, end = (readings.log_offset(np.full(250, NOON_MS + ms), coins) for ms in (0, 7_500, 30_000))
    assert (start != end).all()
    np.testing.assert_allclose(quarter, 0.75 * start + 0.25 * end, rtol=0, atol=1e-12)


def test_answers_are_cached_for_45_to_60_seconds(market: Market) -> None:
    taken = [market.snapshot(NOON_MS + seconds * 1000, "usd").taken_ms for seconds in range(1200)]
    windows = sorted(set(taken))
    lengths = [later - earlier for earlier, later in pairwise(windows)]
    assert len(lengths) >= 19
    assert all(45_000 <= length <= 60_000 for length in lengths)
    assert len(set(lengths)) > 10
    assert all(0 <= NOON_MS + seconds * 1000 - moment <= 60_000 for seconds, moment in enumerate(taken))


def test_updates_spread_over_a_minute_and_a_few_over_17(market: Market) -> None:
    slowest = 0.0
    for minutes in range(0, 120, 5):
        snapshot = market.snapshot(NOON_MS + minutes * MINUTE_MS, "usd")
        living = [at for at in range(250) if at not in _positions(market, Oddity.STALE, Oddity.DEAD)]
        behind = (snapshot.taken_ms - snapshot.updated_ms[living]) / 1000
        assert behind.min() >= 0
        assert 0.9 < np.mean(behind < 60) < 1
        assert len(np.unique(snapshot.updated_ms[living])) > 200
        slowest = max(slowest, behind.max())
    assert 600 < slowest <= 17 * 60


def test_a_coin_s_values_change_only_with_its_update(market: Market) -> None:
    slow = _positions(market, Oddity.SLOW)
    repeats = 0
    for minute in range(30):
        before = market.snapshot(NOON_MS + minute * MINUTE_MS, "usd")
        after = market.snapshot(NOON_MS + (minute + 1) * MINUTE_MS, "usd")
        same = before.updated_ms[slow] == after.updated_ms[slow]
        np.testing.assert_array_equal(before.price[slow] == after.price[slow], same)
        np.testing.assert_array_equal(before.high_24h[slow][same], after.high_24h[slow][same])
        repeats += int(same.sum())
    assert repeats > 30


def test_stale_coins_are_hours_and_months_old_and_do_not_move(market: Market) -> None:
    before, after = market.snapshot(NOON_MS, "eur"), market.snapshot(NOON_MS + 20 * MINUTE_MS, "eur")
    stale, dead = _positions(market, Oddity.STALE), _positions(market, Oddity.DEAD)
    age_hours = (before.taken_ms - before.updated_ms) / HOUR_MS
    assert sum(3 <= age_hours[at] <= 9 for at in stale) >= 2
    assert sum(24 * 80 <= age_hours[at] <= 24 * 240 for at in dead) >= 2
    unmoved = [at for at in stale + dead if before.updated_ms[at] == after.updated_ms[at]]
    assert len(unmoved) >= 5
    np.testing.assert_array_equal(before.price[unmoved], after.price[unmoved])


def test_stale_coins_come_back(market: Market) -> None:
    stale = _positions(market, Oddity.STALE)
    before, after = market.snapshot(NOON_MS, "usd"), market.snapshot(NOON_MS + 9 * HOUR_MS, "usd")
    assert (before.updated_ms[stale] < after.updated_ms[stale]).all()
    assert (before.price[stale] != after.price[stale]).all()


@pytest.mark.parametrize(
    ("oddity", "field"),
    [
        (Oddity.NO_MARKET_CAP, "market_cap"),
        (Oddity.NO_MARKET_CAP, "rank"),
        (Oddity.ZERO_MARKET_CAP, "rank"),
        (Oddity.NO_VOLUME, "volume_24h"),
        (Oddity.NO_HIGH_LOW, "high_24h"),
        (Oddity.NO_HIGH_LOW, "low_24h"),
        (Oddity.DEAD, "volume_24h"),
    ],
)
def test_odd_coins_lack_values_and_sound_ones_do_not(market: Market, oddity: Oddity, field: str) -> None:
    values = getattr(market.snapshot(NOON_MS, "usd"), field)
    odd, sound = _positions(market, oddity), _positions(market, Oddity.NONE, Oddity.SLOW)
    assert len(odd) >= 1
    assert np.isnan(values[odd]).all()
    assert not np.isnan(values[sound]).any()


def test_a_price_is_null_at_times_only(market: Market) -> None:
    sometimes = _positions(market, Oddity.NO_PRICE_AT_TIMES)
    missing = [np.isnan(market.snapshot(NOON_MS + 10 * step * MINUTE_MS, "usd").price) for step in range(48)]
    share = np.mean(missing, axis=0)
    assert ((share[sometimes] > 0) & (share[sometimes] < 0.8)).all()
    assert np.delete(share, sometimes).max() == 0


def test_ranks_count_the_market_caps_down(market: Market) -> None:
    snapshot = market.snapshot(NOON_MS, "usd")
    ranked = np.flatnonzero(~np.isnan(snapshot.rank))
    in_order = ranked[np.argsort(snapshot.rank[ranked])]
    np.testing.assert_array_equal(snapshot.rank[in_order], np.arange(1, len(ranked) + 1))
    assert (np.diff(snapshot.market_cap[in_order]) <= 0).all()


def test_currencies_agree_and_move(market: Market) -> None:
    prices = {currency: market.snapshot(NOON_MS, currency).price for currency in market.currencies}
    assert {"usd", "eur", "btc"} <= set(prices)
    assert prices["btc"][0] == pytest.approx(1.0, abs=1e-12)
    dollar_per_euro = prices["usd"][:20] / prices["eur"][:20]
    np.testing.assert_allclose(dollar_per_euro, dollar_per_euro[0], rtol=1e-3)
    assert prices["usd"][1] / prices["btc"][1] == pytest.approx(prices["usd"][0], rel=0.01)
    later = NOON_MS + 6 * HOUR_MS
    assert market.snapshot(later, "usd").price[0] / market.snapshot(later, "eur").price[0] != dollar_per_euro[0]


def test_an_unknown_currency_is_refused(market: Market) -> None:
    with pytest.raises(UnknownCurrencyError):
        market.snapshot(NOON_MS, "xyz")


@pytest.mark.parametrize(
    ("price", "precision", "shown"),
    [
        (77671.4, "", 77671),
        (3433.694, "", 3433.69),
        (0.15674512, "", 0.156745),
        (0.0066522912, "", 0.00665229),
        (2.99312e-05, "", 2.993e-05),
        (1.23456e-9, "", 1.235e-9),
        (77671.4321, "full", 77671.4321),
        (3433.694, "1", 3433.7),
        (1.23456789e-9, "18", 1.234567890e-9),
        (0.15674512, "nonsense", 0.156745),
    ],
)
def test_rounding_of_prices(price: float, precision: str, shown: float) -> None:
    assert price_rounding(precision)(price) == shown


@pytest.fixture
def real_time() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def now(real_time: list[float]) -> Callable[[], float]:
    return lambda: real_time[0]


def test_the_clock_catches_up_and_then_runs_at_real_speed(real_time: list[float], now: Callable[[], float]) -> None:
    clock = MarketClock(now, hours=1, speed=61)
    seconds_behind = []
    for _ in range(9):
        seconds_behind.append(real_time[0] - clock.now_ms() / 1000)
        real_time[0] += 10
    assert seconds_behind == [3600, 3000, 2400, 1800, 1200, 600, 0, 0, 0]


def test_without_hours_the_clock_is_the_real_one(real_time: list[float], now: Callable[[], float]) -> None:
    clock = MarketClock(now, speed=60)
    real_time[0] += 123.456
    assert clock.now_ms() == 1_000_123_456


@pytest.mark.parametrize(("hours", "speed"), [(-1, 1), (1, 0.5)])
def test_a_clock_that_would_fall_behind_is_refused(hours: float, speed: float) -> None:
    with pytest.raises(ValueError, match="at least"):
        MarketClock(lambda: 0.0, hours, speed)

"""The reference that the warehouse is measured against, itself measured against numbers worked by hand."""

from datetime import datetime, timedelta
from math import log, nan, sqrt

import numpy as np
import polars as pl
import pytest

from checks.compare import compare
from tests.warehouse.reference import Values, ema, expected_table, indicators, macd, rsi, talib_windows
from tests.warehouse.reference_overview import expected_overview
from tests.warehouse.series import all_updates, silence, single, updates, walk

NOON = datetime(2026, 3, 10, 12)


def closes(minutes: int, seed: int = 1) -> Values:
    return np.array([price for (price,) in walk(minutes, seed)])


def table(*prices: float) -> pl.DataFrame:
    return expected_table(updates("coin", "usd", single(prices)))


def recursion(values: Values, alpha: float) -> list[float]:
    averages = [float(values[0])]
    for value in values[1:]:
        averages.append(alpha * float(value) + (1 - alpha) * averages[-1])
    return averages


def test_a_bar_holds_first_highest_lowest_and_last_price_of_its_minute() -> None:
    (bar,) = expected_table(updates("coin", "usd", [(2.0, 5.0, 3.0)])).to_dicts()
    assert (bar["open"], bar["high"], bar["low"], bar["price"]) == (2.0, 5.0, 2.0, 3.0)
    assert (bar["bar_minute"], bar["update_count"], bar["is_filled"]) == (NOON, 3, False)


def test_a_bar_is_carried_on_but_not_beyond_the_newest_minute_of_its_currency() -> None:
    quiet = updates("quiet", "usd", [(2.0, 3.0), *silence(2)])
    other_currency = updates("quiet", "eur", [(2.0, 3.0), *silence(2)])
    newest = updates("busy", "usd", single([1.0]))
    bars = expected_table(pl.concat([quiet, other_currency, newest])).filter(coin_id="quiet")
    in_usd, in_eur = bars.filter(vs_currency="usd"), bars.filter(vs_currency="eur")
    assert in_usd["minutes_since_update"].to_list() == [0, 1, 2]
    assert in_usd.row(2, named=True)["bar_minute"] == NOON
    assert in_usd.select("open", "high", "low", "price", "update_count", "is_filled").row(2) == (3, 3, 3, 3, 0, True)
    assert in_eur.height == 1


@pytest.mark.parametrize(("missing", "bars", "change"), [(10, 12, 100.0), (11, 12, None)])
def test_ten_missing_minutes_are_bridged_and_eleven_end_the_segment(
    missing: int, bars: int, change: float | None
) -> None:
    history = expected_table(updates("coin", "usd", [(1.0,), *silence(missing), (2.0,)]))
    assert history.height == bars
    assert history["bar_minute"][-1] - history["bar_minute"][0] == timedelta(minutes=missing + 1)
    assert history["price_change_1m_pct"][-1] == change


def test_each_indicator_begins_where_the_contract_says() -> None:
    frame = expected_table(updates("coin", "usd", walk(40, seed=1)))
    first_bars = {column: 1 + frame[column].is_null().sum() for column in frame.columns if frame[column].has_nulls()}
    their_length = {column: int(column.split("_")[-1]) for column in first_bars if column.split("_")[-1].isdigit()}
    assert {"sma_20", "ema_20", "bollinger_middle_20", "bollinger_upper_20", "bollinger_lower_20"} < their_length.keys()
    assert first_bars == their_length | {
        "price_change_1m_pct": 2,
        "price_change_5m_pct": 6,
        **dict.fromkeys(("volatility_20", "volatility_20_annualised"), 21),
        "macd": 26,
        "macd_signal": 34,
        "macd_histogram": 34,
        **dict.fromkeys(("average_gain_14", "average_loss_14", "rsi_14"), 15),
    }


def test_ema_of_four_values() -> None:
    # alpha 1/2: 1, (2 + 1) / 2 = 1.5, (4 + 1.5) / 2 = 2.75, (5 + 2.75) / 2 = 3.875
    np.testing.assert_array_equal(ema(np.array([1.0, 2.0, 4.0, 5.0]), 3), [nan, nan, 2.75, 3.875])


def test_ema_and_macd_are_their_recursions() -> None:
    close = closes(300)
    line = np.subtract(recursion(close, 2 / 13), recursion(close, 2 / 27))
    signal = recursion(line[25:], 2 / 10)
    np.testing.assert_allclose(ema(close, 20)[19:], recursion(close, 2 / 21)[19:], rtol=1e-12)
    np.testing.assert_allclose(macd(close)[0][25:], line[25:], rtol=0, atol=1e-14)
    np.testing.assert_allclose(macd(close)[1][33:], signal[8:], rtol=0, atol=1e-14)


def test_rsi_of_seven_gains_and_losses_and_one_gain_more() -> None:
    # Mean gain and loss 7/14 each: 50. Then (13/2 + 3) / 14 to (13/2) / 14, which is 9.5 to 6.5: 100 * 9.5 / 16.
    close = np.array([10.0, 11.0] * 7 + [10.0, 13.0])
    np.testing.assert_allclose(rsi(close)[14:], [50, 59.375], rtol=1e-15)


@pytest.mark.parametrize("level", [5.6e-11, 1.0, 1e6])
def test_rsi_is_its_recursion_at_every_level(level: float) -> None:
    close = level * closes(1000)
    gains, losses = np.maximum(np.diff(close), 0), np.maximum(-np.diff(close), 0)
    gain, loss = (recursion(np.array([x[:14].mean(), *x[14:]]), 1 / 14) for x in (gains, losses))
    np.testing.assert_allclose(rsi(close)[14:], 100 * np.array(gain) / np.add(gain, loss), rtol=1e-12)


def test_rsi_is_null_where_nothing_moves() -> None:
    assert np.isnan(rsi(np.full(50, 0.1))).all()
    # A jump by 1/11 of the new close: the average gain, (13/14)^k / 14 / 11 of it after k bars, is below 1e-12 of it
    # for k > ln(1e12 / 154) / ln(14/13) = 304.9.
    faded = rsi(np.array([1.0] * 20 + [1.1] * 400))
    assert (faded[20 : 20 + 305] == 100).all()
    assert np.isnan(faded[20 + 305 :]).all()


def test_changes_volatility_and_bands_of_a_price_that_goes_to_and_fro() -> None:
    last = table(*[100.0, 101.0] * 15).row(-1, named=True)
    expected = {
        "price_change_1m_pct": 1.0,
        "price_change_5m_pct": 1.0,
        "sma_20": 100.5,
        "bollinger_middle_20": 100.5,
        "bollinger_upper_20": 101.5,
        "bollinger_lower_20": 99.5,
        "volatility_20": log(1.01) * sqrt(20 / 19),
        "volatility_20_annualised": log(1.01) * sqrt(20 / 19) * sqrt(525_600),
    }
    assert {column: last[column] for column in expected} == pytest.approx(expected, rel=1e-12)


def test_talib_agrees_on_windows_of_every_history() -> None:
    history = all_updates()
    assert history["coin_id"].n_unique() > 30
    comparison = compare(expected_table(history, talib_windows), expected_table(history), tolerance=1e-9)
    assert not comparison.differences


def test_short_segments_have_no_indicators() -> None:
    for length in (1, 2, 13):
        assert {len(values) for values in indicators(closes(length)).values()} == {length}


EXPECTED = expected_table(updates("coin", "usd", walk(60, seed=1)))


def changed(row: int, **values: float | None) -> list[dict[str, object]]:
    rows = EXPECTED.to_dicts()
    rows[row].update(values)
    return rows


def test_equal_tables_have_no_differences() -> None:
    comparison = compare(EXPECTED.to_dicts(), EXPECTED, tolerance=0)
    assert comparison.rows == 60
    assert not comparison.differences
    assert comparison.worst["rsi_14"] == 0
    assert "rsi_14" in comparison.report()


def test_rows_that_are_missing_too_many_or_doubled_are_found() -> None:
    assert compare(EXPECTED.head(59), EXPECTED, 1).differences == ["missing row: coin usd 2026-03-10 12:00:00"]
    assert compare(EXPECTED, EXPECTED.head(59), 1).differences == ["row too many: coin usd 2026-03-10 12:00:00"]
    assert compare(pl.concat([EXPECTED, EXPECTED.tail(1)]), EXPECTED, 1).differences[0].startswith("doubled row: coin")


@pytest.mark.parametrize(("row", "value"), [(40, None), (40, nan), (3, 1.0)])
def test_a_null_or_nan_in_the_wrong_place_is_found(row: int, value: float | None) -> None:
    (difference,) = compare(changed(row, sma_20=value), EXPECTED, tolerance=1).differences
    assert difference.startswith("sma_20: coin usd 2026-03-10 1")


def test_a_difference_of_1e_10_is_found_and_measured() -> None:
    slightly_off = changed(40, ema_20=EXPECTED["ema_20"][40] * (1 + 1e-10))
    comparison = compare(slightly_off, EXPECTED, tolerance=1e-12)
    assert len(comparison.differences) == 1
    assert comparison.worst["ema_20"] == pytest.approx(1e-10, rel=1e-4)
    assert not compare(slightly_off, EXPECTED, tolerance=1e-9).differences


def test_macd_is_measured_against_the_price() -> None:
    off_by_1e_10 = changed(40, macd=EXPECTED["macd"][40] + 1e-10 * EXPECTED["price"][40])
    assert compare(off_by_1e_10, EXPECTED, tolerance=1).worst["macd"] == pytest.approx(1e-10, rel=1e-2)
    assert compare(changed(40, update_count=2), EXPECTED, tolerance=1).differences


def test_the_overview_compares_each_coin_with_its_own_past() -> None:
    """100 in each minute, but 80 a week before, 50 a day before, 200 an hour before, 250 a minute after that."""
    prices = [100.0] * 10_081
    prices[0], prices[-1441], prices[-61], prices[-60] = 80.0, 50.0, 200.0, 250.0
    coin, gone = updates("coin", "usd", single(prices)), updates("gone", "usd", [(7.0,), *silence(1450)])
    (row,) = expected_overview(expected_table(pl.concat([coin, gone]))).to_dicts()
    assert (row["price_change_7d_pct"], row["price_change_24h_pct"], row["price_change_1h_pct"]) == (25, 100, -50)
    assert (row["high_24h_own"], row["high_24h_own_at"]) == (250, NOON - timedelta(minutes=59))
    assert (row["low_24h_own"], row["low_24h_own_at"]) == (100, NOON - timedelta(minutes=1439))


def test_a_coin_is_in_the_overview_for_24_hours_after_its_newest_bar() -> None:
    busy, quiet = updates("busy", "usd", single([1.0])), updates("quiet", "usd", [(7.0,), *silence(1449)])
    overview = expected_overview(expected_table(pl.concat([busy, quiet]))).filter(coin_id="quiet")
    assert overview["minutes_since_update"].to_list() == [1449]

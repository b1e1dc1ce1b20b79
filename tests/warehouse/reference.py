"""The expected crypto_table, computed from price updates without SQL: bars in plain Python, indicators by TA-Lib.

Where TA-Lib (0.8.2) cannot agree as it is, and what stands here instead:

* Seeds. TA-Lib starts an EMA at the mean of its first n closes, the contract starts it at the first close. An EMA that
  gets its first value n times starts there in TA-Lib too. That is TA-Lib's Metastock mode, which is gone since 0.8:
  `set_compatibility(1)` changes nothing any more, and says nothing. Measured against 0.7.1 in that mode: equal within
  1e-14 for EMA, MACD and signal.
* MACD. TA-Lib hides the line until its signal begins, in the 34th bar; the contract shows it from the 26th on.
* RSI. TA-Lib says 0 where nothing has moved, the contract says null.
* Volatility. TA-Lib has none of log returns with n - 1: NumPy has.
* SMA and Bollinger bands. TA-Lib keeps running sums, in which a huge price leaves its rounding behind for the rest of
  the segment. `exact_windows` sums each window anew; `talib_windows` is TA-Lib's word, to be taken with a tolerance.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
import talib
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

KEY = ["coin_id", "vs_currency", "bar_minute"]
MINUTE = timedelta(minutes=1)
MAX_FILL_MINUTES = 10
REMEMBERED_HOURS = 16
MINUTES_PER_YEAR = 525_600
NO_MOVEMENT = 1e-12  # RSI is null when gain + loss are below this part of the close

Values = NDArray[np.float64]
Columns = dict[str, Values]


class Bar(NamedTuple):
    bar_minute: datetime
    price: float
    open: float
    high: float
    low: float
    update_count: int
    is_filled: bool
    minutes_since_update: int


def exact_windows(close: Values) -> Columns:
    """SMA and Bollinger bands, each window on its own."""
    middle, deviation = _over_windows(close, 20, np.mean), _over_windows(close, 20, np.std)
    return _bands(middle, middle + 2 * deviation, middle - 2 * deviation)


def talib_windows(close: Values) -> Columns:
    """SMA and Bollinger bands by TA-Lib."""
    upper, middle, lower = talib.BBANDS(close, timeperiod=20, nbdevup=2, nbdevdn=2)
    return _bands(middle, upper, lower)


def expected_table(updates: pl.DataFrame, windows: Callable[[Values], Columns] = exact_windows) -> pl.DataFrame:
    """One row per coin, currency and minute, sorted by them.

    `updates` has coin_id, vs_currency, last_updated_at (UTC without zone) and price. No key may come twice and none
    be late: choosing between versions of an update is another test's matter.
    """
    newest = dict(updates.group_by("vs_currency").agg(pl.max("last_updated_at").dt.truncate("1m")).iter_rows())
    tables = [
        _segment_table(coin, currency, segment, windows)
        for coin, currency, prices in _histories(updates)
        for segment in segments(filled(observed(prices), newest[currency]))
    ]
    return pl.concat(tables).fill_nan(None).sort(KEY)


def observed(prices: Iterable[tuple[datetime, float]]) -> list[Bar]:
    """A bar for every minute with an update, from the prices of one coin in order of time."""
    bars = []
    for minute, group in groupby(prices, key=lambda update: _minute(update[0])):
        seen = [price for _, price in group]
        bars.append(Bar(minute, seen[-1], seen[0], max(seen), min(seen), len(seen), False, 0))
    return bars


def filled(bars: list[Bar], newest_minute: datetime) -> Iterator[Bar]:
    """Carry each bar into the minutes after it without update: ten at most, none beyond the newest."""
    ends = [bar.bar_minute for bar in bars[1:]] + [newest_minute + MINUTE]
    for bar, end in zip(bars, ends, strict=True):
        yield bar
        missing = (end - bar.bar_minute) // MINUTE - 1
        for age in range(1, min(missing, MAX_FILL_MINUTES) + 1):
            close = bar.price
            yield Bar(bar.bar_minute + age * MINUTE, close, close, close, close, 0, True, age)


def segments(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Split where a minute has no bar."""
    whole = list(bars)
    breaks = [at for at, (bar, after) in enumerate(pairwise(whole), 1) if after.bar_minute - bar.bar_minute != MINUTE]
    return [whole[start:end] for start, end in pairwise([0, *breaks, len(whole)])]


def indicators(close: Values) -> Columns:
    """The indicators of one segment that do not look at windows of closes; NaN stands for null."""
    line, signal = macd(close)
    changes = np.diff(close)
    deviation = _over_windows(np.log(talib.ROCR(close, 1)), 20, _sample_deviation)
    return {
        "price_change_1m_pct": talib.ROC(close, 1),
        "price_change_5m_pct": talib.ROC(close, 5),
        "ema_12": ema(close, 12),
        "ema_20": ema(close, 20),
        "ema_26": ema(close, 26),
        "volatility_20": deviation,
        "volatility_20_annualised": deviation * np.sqrt(MINUTES_PER_YEAR),
        "macd": line,
        "macd_signal": signal,
        "macd_histogram": line - signal,
        "average_gain_14": _wilder_mean(np.maximum(changes, 0)),
        "average_loss_14": _wilder_mean(np.maximum(-changes, 0)),
        "rsi_14": rsi(close),
    }


def ema(values: Values, n: int) -> Values:
    """Seeded with the first value, NaN before the n-th."""
    averages = _recursive_mean(values, n)
    averages[: n - 1] = np.nan
    return averages


def macd(close: Values) -> tuple[Values, Values]:
    """The line from the 26th bar, and the signal, seeded with the line's first value, from the 34th."""
    line, signal = ema(close, 12) - ema(close, 26), np.full(len(close), np.nan)
    signal[25:] = ema(line[25:], 9)
    return line, signal


def rsi(close: Values) -> Values:
    """Wilder's, with NaN instead of TA-Lib's 0 where the average gain and loss are nothing."""
    strength, movement = talib.RSI(close, 14), _wilder_mean(np.abs(np.diff(close)))
    strength[movement < NO_MOVEMENT * close] = np.nan
    return strength


def _wilder_mean(changes: Values) -> Values:
    """Of 14 changes, in the bars that they lead to: NaN before the 15th bar."""
    averages = np.full(len(changes) + 1, np.nan)
    if len(changes) >= 14:
        # (13 * mean + change) / 14 is the step of an EMA with alpha 1 / 14 = 2 / (27 + 1).
        averages[14:] = _recursive_mean(np.concatenate([[changes[:14].mean()], changes[14:]]), 27)
    return averages


def _recursive_mean(values: Values, n: int) -> Values:
    return talib.EMA(np.concatenate([values[:1].repeat(n - 1), values]), n)[n - 1 :]


def _over_windows(values: Values, n: int, function: Callable[..., Values]) -> Values:
    result = np.full(len(values), np.nan)
    if len(values) >= n:
        result[n - 1 :] = function(sliding_window_view(values, n), axis=-1)
    return result


def _sample_deviation(windows: Values, axis: int) -> Values:
    return np.asarray(np.std(windows, axis=axis, ddof=1))


def _bands(middle: Values, upper: Values, lower: Values) -> Columns:
    bands = {"bollinger_middle_20": middle, "bollinger_upper_20": upper, "bollinger_lower_20": lower}
    return {"sma_20": middle} | bands


def _segment_table(coin: str, currency: str, bars: list[Bar], windows: Callable[[Values], Columns]) -> pl.DataFrame:
    close = np.array([bar.price for bar in bars])
    keys = pl.lit(coin).alias("coin_id"), pl.lit(currency).alias("vs_currency")
    remembered = pl.col("bar_minute").dt.truncate("1h") - timedelta(hours=REMEMBERED_HOURS)
    started_at = pl.max_horizontal(pl.lit(bars[0].bar_minute), remembered).alias("segment_started_at")
    columns = [pl.Series(name, values) for name, values in (windows(close) | indicators(close)).items()]
    return (
        pl.DataFrame(bars, schema=list(Bar._fields), orient="row")
        .select(*keys, pl.all(), started_at)
        .with_columns(columns)
    )


def _histories(updates: pl.DataFrame) -> Iterator[tuple[str, str, list[tuple[datetime, float]]]]:
    for (coin, currency), history in updates.group_by(["coin_id", "vs_currency"]):
        ordered = history.sort("last_updated_at").select("last_updated_at", pl.col("price").cast(float))
        yield str(coin), str(currency), ordered.rows()


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)

"""Compares a table with the expected one: the same rows, nulls in the same places, numbers within a tolerance.

The error of a number is relative to the number itself or, where that would ask for digits that no double holds, to
what it was computed from, if that is larger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import polars.selectors as cs

KEY = ["coin_id", "vs_currency", "bar_minute"]
SHOWN = 5  # differences per column

# A difference of averages cannot be better than the averages, nor a mean of changes better than the prices. RSI counts
# in points of 100, and near 0 it is what an old gain has faded to. A log return is the logarithm of a quotient near 1,
# which a double holds to 1e-16.
AVERAGES = ("price", "ema_20")
SMALLEST_VOLATILITY = 1e-4
RELATIVE_TO: dict[str, Sequence[str | float]] = {
    "macd": AVERAGES,
    "macd_signal": AVERAGES,
    "macd_histogram": AVERAGES,
    "average_gain_14": ["price"],
    "average_loss_14": ["price"],
    "rsi_14": [1.0],
    "bollinger_upper_20": ["bollinger_middle_20"],
    "bollinger_lower_20": ["bollinger_middle_20"],
    "volatility_20": [SMALLEST_VOLATILITY],
    "volatility_20_annualised": [SMALLEST_VOLATILITY * 525_600**0.5],
}

Table = pl.DataFrame | Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Comparison:
    """How many rows were expected, the first differences in words, and the worst error of each column of numbers."""

    rows: int
    differences: list[str] = field(default_factory=list)
    worst: dict[str, float] = field(default_factory=dict)

    def report(self) -> str:
        lines = [f"{'column':<26} worst error of {self.rows} rows"]
        return "\n".join(lines + [f"{column:<26} {error:.1e}" for column, error in self.worst.items()])


def compare(actual: Table, expected: Table, tolerance: float, key: Sequence[str] = KEY) -> Comparison:
    """Compare the columns that are expected; others in `actual` do not matter."""
    ours, theirs = _frame(expected), _frame(actual)
    result = Comparison(ours.height, _rows_that_differ(theirs, ours, key))
    both = ours.join(theirs, on=key, suffix=" actual")
    for column in ours.drop(key).columns:
        _compare_column(both, column, tolerance, key, result)
    return result


def _frame(table: Table) -> pl.DataFrame:
    frame = table if isinstance(table, pl.DataFrame) else pl.DataFrame(table, infer_schema_length=None)
    return frame.with_columns(cs.datetime().dt.replace_time_zone(None).dt.cast_time_unit("us"))


def _rows_that_differ(actual: pl.DataFrame, expected: pl.DataFrame, key: Sequence[str]) -> list[str]:
    kinds = {
        "missing row": expected.join(actual, on=key, how="anti"),
        "row too many": actual.join(expected, on=key, how="anti"),
        "doubled row": actual.filter(pl.struct(key).is_duplicated()),
    }
    return [
        f"{kind}: {_name(row, key)}" for kind, rows in kinds.items() for row in rows.sort(key).head(SHOWN).to_dicts()
    ]


def _compare_column(both: pl.DataFrame, column: str, tolerance: float, key: Sequence[str], result: Comparison) -> None:
    expected, actual = pl.col(column), pl.col(f"{column} actual")
    is_wrong = expected.ne_missing(actual)
    if both.schema[column].is_float():
        both = both.with_columns(error=_error(column))
        result.worst[column] = both.select(pl.max("error")).item() or 0.0
        is_wrong = (expected.is_null() != actual.is_null()) | ~(pl.col("error") <= tolerance)
    for row in both.filter(is_wrong).sort(key).head(SHOWN).to_dicts():
        result.differences.append(f"{column}: {_name(row, key)}: {row[f'{column} actual']!r}, expected {row[column]!r}")


def _error(column: str) -> pl.Expr:
    expected, actual = pl.col(column), pl.col(f"{column} actual")
    sizes = [pl.col(size) if isinstance(size, str) else pl.lit(size) for size in RELATIVE_TO.get(column, [])]
    size = pl.max_horizontal(expected.abs(), actual.abs(), *(size.abs() for size in sizes))
    return pl.when(expected == actual).then(0.0).otherwise((expected - actual).abs() / size)


def _name(row: Mapping[str, Any], key: Sequence[str]) -> str:
    return " ".join(str(row[column]) for column in key)

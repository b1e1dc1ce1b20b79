"""Do the engines' tables agree? Otherwise their times could not be compared."""

from pathlib import Path

import polars as pl

from benchmarks.outputs import CRYPTO_TABLE, OUTPUTS, PARTITION
from benchmarks.tables import Table
from checks.compare import compare
from coinloom.errors import CoinloomError

TOLERANCE = 1e-9
SAMPLED_COINS = 5


class EnginesDisagree(CoinloomError):
    """Two engines computed different tables from the same files."""


def check(folders: dict[str, dict[str, Path]]) -> Table:
    """Compare every engine's tables with the first engine's; `folders` has them by engine and table.

    Raises:
        EnginesDisagree: with the first differences.
    """
    first, *others = folders
    counts = {engine: {table: _count(folders[engine][table]) for table in OUTPUTS} for engine in folders}
    sample = {engine: _sample(folders[engine][CRYPTO_TABLE]) for engine in folders}
    result = Table(
        f"The tables agree: rows of each, and the worst error of any number of {SAMPLED_COINS} coins' indicators",
        ["engine", *OUTPUTS, f"worst error against {first}"],
        [[first, *_shown(counts[first]), "-"]],
    )
    for engine in others:
        comparison = compare(sample[engine], sample[first], TOLERANCE)
        if comparison.differences or counts[engine] != counts[first]:
            raise EnginesDisagree("\n".join([f"{engine} and {first}: {counts}", *comparison.differences]))
        result.rows.append([engine, *_shown(counts[engine]), f"{max(comparison.worst.values()):.0e}"])
    return result


def _scan(folder: Path) -> pl.LazyFrame:
    return pl.scan_parquet(folder / "**" / "*.parquet", hive_partitioning=True, try_parse_hive_dates=False)


def _count(folder: Path) -> int:
    return int(_scan(folder).select(pl.len()).collect().item())


def _sample(folder: Path) -> pl.DataFrame:
    coins = _scan(folder).select(pl.col("coin_id").unique().sort()).collect()["coin_id"]
    return _scan(folder).filter(pl.col("coin_id").is_in(coins[:SAMPLED_COINS].implode())).drop(PARTITION).collect()


def _shown(counts: dict[str, int]) -> list[str]:
    return [f"{count:,}" for count in counts.values()]

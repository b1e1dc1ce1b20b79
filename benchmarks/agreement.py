"""Do the engines' tables agree? Otherwise their times could not be compared."""

from pathlib import Path

import polars as pl

from benchmarks.outputs import OUTPUTS, PARTITION, UPDATES
from benchmarks.tables import Table
from checks.compare import KEY, compare
from coinloom.errors import CoinloomError

TOLERANCE = 1e-9
SAMPLED_COINS = 5
KEYS = dict.fromkeys(OUTPUTS, KEY) | {UPDATES: ["coin_id", "vs_currency", "last_updated_at"]}


class EnginesDisagree(CoinloomError):
    """Two engines computed different tables from the same files."""


def check(folders: dict[str, dict[str, Path]]) -> Table:
    """Compare every engine's tables with the first engine's; `folders` has them by engine and table.

    Raises:
        EnginesDisagree: with the first differences.
    """
    first, *others = folders
    counts = {engine: {table: _count(folders[engine][table]) for table in OUTPUTS} for engine in folders}
    samples = {engine: {table: _sample(folders[engine][table]) for table in OUTPUTS} for engine in folders}
    result = Table(
        f"The tables agree: rows of each, and the worst error of any number of {SAMPLED_COINS} coins",
        ["engine", *OUTPUTS, f"worst error against {first}"],
        [[first, *_shown(counts[first]), "-"]],
    )
    for engine in others:
        worst, differences = 0.0, []
        for table in OUTPUTS:
            comparison = compare(samples[engine][table], samples[first][table], TOLERANCE, KEYS[table])
            worst = max(worst, *comparison.worst.values())
            differences += comparison.differences
        if differences or counts[engine] != counts[first]:
            raise EnginesDisagree("\n".join([f"{engine} and {first}: {counts}", *differences]))
        result.rows.append([engine, *_shown(counts[engine]), f"{worst:.0e}"])
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

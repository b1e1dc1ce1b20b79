"""Is there room for what the benchmark writes?"""

import shutil
from collections.abc import Sequence

from rich.console import Console

from benchmarks.parts import HISTORY_AT_ENDS_OF_DAY, MOST_SECONDS_OF_COINS, TIMES_OF_DAY, Part, Sizes
from benchmarks.servers import bench_home
from coinloom.errors import CoinloomError

MINUTES_PER_DAY = 1440
# Per row, seen at the fullest moment of small runs, and some more for sorts that do not fit into memory.
BYTES_OF_A_WAREHOUSE = 500
BYTES_OF_ALL_ENGINES = 3_000
BYTES_OF_SERVERS = 2 * 2**30  # two empty databases, write-ahead log, logs


class DiskFull(CoinloomError):
    """There is not enough free disk."""


def require_disk(sizes: Sizes, parts: Sequence[Part], console: Console) -> None:
    """Say what is needed and what is there.

    Raises:
        DiskFull: it will not do; says what to change.
    """
    home = bench_home()
    home.mkdir(parents=True, exist_ok=True)
    needed, free = max(_bytes(part, sizes) for part in parts) / 2**30, shutil.disk_usage(home).free / 2**30
    console.print(f"Up to {needed:.1f} GiB of disk are needed in {home} for a while; {free:.1f} GiB are free.")
    if free < needed:
        raise DiskFull(
            f"{needed:.1f} GiB of disk are needed in {home}, {free:.1f} GiB are free. "
            "Make room, set COINLOOM_HOME to a larger disk, or ask for less: --days, --coins, --bars."
        )


def _bytes(part: Part, sizes: Sizes) -> float:
    rows_per_day = sizes.coins * MINUTES_PER_DAY
    match part:
        case Part.ONE_MORE_POLL:
            rows, each = (sizes.days + sizes.short_days) * rows_per_day, BYTES_OF_A_WAREHOUSE
        case Part.TIME_OF_DAY:
            rows, each = len(TIMES_OF_DAY) * HISTORY_AT_ENDS_OF_DAY.days * rows_per_day, BYTES_OF_A_WAREHOUSE
        case Part.COINS:
            rows, each = sizes.short_days * MINUTES_PER_DAY * sum(MOST_SECONDS_OF_COINS), BYTES_OF_A_WAREHOUSE
        case Part.FULL_REFRESH:
            rows, each = sizes.bars, BYTES_OF_ALL_ENGINES
    return BYTES_OF_SERVERS + rows * each

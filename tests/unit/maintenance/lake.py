"""A lake of real files, as the stream names them, whose rows are known by their offset."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from maintenance.committed_batches import CommittedBatches
from maintenance.compaction import Table

HOUR = "2026-03-01T10"
NEXT_HOUR = "2026-03-01T11"
NAME = "landing/crypto_prices"
ORDER = ("coin_id", "kafka_offset")
COINS = ("tether", "bitcoin", "ethereum")


@dataclass
class SmallLake:
    """One hour; each call of `land` is a batch."""

    root: Path
    stream: str = field(default_factory=lambda: str(uuid4()))
    batches: int = 0
    offsets: int = 0
    listing_seconds: float = 0

    @property
    def hour(self) -> Path:
        return self.root / NAME / f"landed_hour={HOUR}"

    @property
    def aside(self) -> Path:
        return self.root / "_compaction" / NAME / f"landed_hour={HOUR}"

    @property
    def table(self) -> Table:
        return Table(self.root, NAME, ORDER, self.listing_seconds)

    @property
    def all_committed(self) -> CommittedBatches:
        return CommittedBatches(self.stream, self.batches)

    def land(self, rows: int = 3, folder: Path | None = None, **more: Sequence[object]) -> Path:
        """Write aside and move, as the stream does."""
        self.batches += 1
        offsets = range(self.offsets, self.offsets + rows)
        self.offsets += rows
        coins = [COINS[offset % len(COINS)] for offset in offsets]
        staged = self.root / "_staging" / "rows.parquet"
        staged.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"coin_id": coins, "kafka_offset": list(offsets)} | more), staged)
        file = (folder or self.hour) / f"{self.stream}-{self.batches:010d}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        return staged.rename(file)

    def commit(self, batch: int) -> Path:
        """Write the checkpoint of a stream that has committed so many batches; returns its folder."""
        checkpoint = self.root / "_checkpoints" / "parquet"
        (checkpoint / "commits").mkdir(parents=True, exist_ok=True)
        (checkpoint / "metadata").write_text(json.dumps({"id": self.stream}))
        (checkpoint / "commits" / str(batch)).write_text("v1\n{}")
        return checkpoint

    def compact(self, committed: CommittedBatches | None = None) -> list[str]:
        """What `coinloom maintain` does, twice if nobody lists; returns the hours that it has replaced."""
        table, committed = self.table, committed or self.all_committed
        table.mend()
        hours = list(table.due(committed, NEXT_HOUR))
        for hour in hours:
            table.prepare(hour, committed)
            table.replace(hour)
        table.mend()
        return hours

    def seen(self) -> Counter[int]:
        """How often a reader sees each offset. It begins again when a file that it has listed is gone."""
        while True:
            try:
                files = [file for file in self.hour.iterdir() if not file.name.startswith((".", "_"))]
                return Counter(offset for file in files for offset in pq.read_table(file)["kafka_offset"].to_pylist())
            except FileNotFoundError:
                continue

    def each_once(self) -> Counter[int]:
        return Counter(range(self.offsets))

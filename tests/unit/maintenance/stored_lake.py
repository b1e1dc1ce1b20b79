"""A lake of real files as `maintenance.object_store` knows it, on S3 or, for its logic, on a local disk."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, FileSystem

from maintenance.committed_batches import CommittedBatches
from maintenance.object_store import StoredTable
from stores.lake_files import arrow_address, data_files

HOUR, NEXT_HOUR = "2026-03-01T10", "2026-03-01T11"
NAME = "landing/crypto_prices"
ORDER = ("coin_id", "kafka_offset")


@dataclass
class StoredLake:
    """One hour at this location; each call of `land` is a batch of three rows."""

    location: str
    stream: str = field(default_factory=lambda: str(uuid4()))
    batches: int = 0
    offsets: int = 0

    def __post_init__(self) -> None:
        self.store, self.root = FileSystem.from_uri(arrow_address(self.location))
        self.hour = f"{self.root}/{NAME}/landed_hour={HOUR}"
        self.table = StoredTable(self.store, self.root, NAME, ORDER)

    def land(self) -> str:
        self.batches += 1
        rows = range(self.offsets, self.offsets + 3)
        self.offsets += 3
        path = f"{self.hour}/{self.stream}-{self.batches:010d}.parquet"
        self.store.create_dir(self.hour)
        table = pa.table({"coin_id": ["tether", "bitcoin", "ethereum"], "kafka_offset": list(rows)})
        pq.write_table(table, path, filesystem=self.store)
        return path

    @property
    def all_committed(self) -> CommittedBatches:
        return CommittedBatches(self.stream, self.batches)

    def compact(self) -> list[str]:
        """What `coinloom maintain` does; returns the hours that it has replaced."""
        committed = self.all_committed
        self.table.mend()
        hours = list(self.table.due(committed, NEXT_HOUR))
        for hour in hours:
            self.table.prepare(hour, committed)
            self.table.replace(hour)
        return hours

    def listed(self) -> list[str]:
        infos = self.store.get_file_info(FileSelector(self.hour, allow_not_found=True))
        return sorted(info.path for info in infos if info.is_file)

    def read(self, paths: list[str]) -> Counter[int]:
        """How often each offset is in these files. Raises OSError if one is gone, maybe in the middle of it."""
        found: Counter[int] = Counter()
        for path in paths:
            with pq.ParquetFile(path, filesystem=self.store) as file:
                found.update(file.read(["kafka_offset"])["kafka_offset"].to_pylist())
        return found

    def seen(self) -> Counter[int]:
        """By our own readers, which list again when a file is gone."""
        while True:
            try:
                return self.read(data_files(self.store, self.hour))
            except OSError:
                continue

    def each_once(self) -> Counter[int]:
        return Counter(range(self.offsets))

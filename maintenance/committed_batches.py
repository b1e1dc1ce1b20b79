"""Which files of a table can never be written again: those of batches that the stream has committed.

Until then Spark may repeat the batch, and its files replace those of the first attempt by their names, which must
still be there. A file is named by its query and batch: spark_streaming/staging.py.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pyarrow.fs import FileSelector, FileSystem

from stores.lake_files import COMPACTED

BATCH_FILE = re.compile(r"(?P<stream>[0-9a-f-]{36})-(?P<batch>\d{10})(-\d+)?\.parquet")


@dataclass(frozen=True, slots=True)
class CommittedBatches:
    """Those of the query with this checkpoint up to `newest`, and all of queries whose checkpoint is gone."""

    stream: str
    newest: int

    @classmethod
    def of(cls, store: FileSystem, checkpoint: str) -> "CommittedBatches":
        """Nothing of a query without a checkpoint is open."""
        metadata = f"{checkpoint}/metadata"
        if not store.get_file_info(metadata).is_file:
            return cls("", -1)
        files = store.get_file_info(FileSelector(f"{checkpoint}/commits", allow_not_found=True))
        commits = [int(file.base_name) for file in files if file.base_name.isdigit()]
        with store.open_input_stream(metadata) as stream:
            return cls(str(json.loads(stream.read())["id"]), max(commits, default=-1))

    def have(self, name: str) -> bool:
        """Whether a file of this name is one of theirs, or one that the stream has not written."""
        match = BATCH_FILE.fullmatch(name)
        return match is None or match["stream"] != self.stream or int(match["batch"]) <= self.newest

    def to_compact(self, names: Iterable[str]) -> list[str]:
        """The files to put together, in order; none if they are few already, and only those that were made together."""
        files = sorted(name for name in names if self.have(name))
        made = {name.rpartition("-")[0] for name in files if name.startswith(COMPACTED)}
        is_done = len(made) == 1 and all(name.startswith(COMPACTED) for name in files)
        return [] if is_done else files

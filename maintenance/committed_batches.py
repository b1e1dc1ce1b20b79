"""Which files of a table can never be written again: those of batches that the stream has committed.

Until then Spark may repeat the batch, and its files replace those of the first attempt by their names, which must
still be there. A file is named by its query and batch: spark_streaming/staging.py.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

BATCH_FILE = re.compile(r"(?P<stream>[0-9a-f-]{36})-(?P<batch>\d{10})(-\d+)?\.parquet")


@dataclass(frozen=True, slots=True)
class CommittedBatches:
    """Those of the query with this checkpoint up to `newest`, and all of queries whose checkpoint is gone."""

    stream: str
    newest: int

    @classmethod
    def of(cls, checkpoint: Path) -> "CommittedBatches":
        """Nothing of a query without a checkpoint is open."""
        if not (metadata := checkpoint / "metadata").exists():
            return cls("", -1)
        commits = [int(file.name) for file in (checkpoint / "commits").glob("*") if file.name.isdigit()]
        return cls(str(json.loads(metadata.read_text())["id"]), max(commits, default=-1))

    def have(self, name: str) -> bool:
        """Whether a file of this name is one of theirs, or one that the stream has not written."""
        match = BATCH_FILE.fullmatch(name)
        return match is None or match["stream"] != self.stream or int(match["batch"]) <= self.newest

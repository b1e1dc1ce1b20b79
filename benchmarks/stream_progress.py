"""How far a stream is, from its checkpoint.

Spark writes a file when it has planned a batch, with the offsets where the batch ends, and one when it is done.
"""

import json
from pathlib import Path


def committed_batches(checkpoint: Path) -> list[int]:
    """The numbers of those that are done, in their order."""
    commits = checkpoint / "commits"
    return sorted(int(file.name) for file in commits.iterdir() if file.name.isdigit()) if commits.is_dir() else []


def end_of_batch(checkpoint: Path, batch: int, topic: str) -> int:
    """How many messages of the topic the stream has read with this batch and all before it."""
    offsets = (checkpoint / "offsets" / str(batch)).read_text().splitlines()[-1]
    return sum(json.loads(offsets)[topic].values())


def committed_at(checkpoint: Path, batch: int) -> float:
    """The Unix time at which the batch was done."""
    return (checkpoint / "commits" / str(batch)).stat().st_mtime

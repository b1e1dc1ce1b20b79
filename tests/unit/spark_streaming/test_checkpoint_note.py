"""A note beside the checkpoint."""

import shutil
from pathlib import Path

import pytest

from spark_streaming.checkpoint_note import CheckpointNote


@pytest.mark.parametrize("scheme", ["", "file:"])
def test_it_is_read_as_it_was_written_and_goes_with_the_checkpoint(tmp_path: Path, scheme: str) -> None:
    checkpoint = tmp_path / "lake" / "_checkpoints" / "parquet"
    noted = CheckpointNote(f"{scheme}{checkpoint}", "topic_id")
    assert noted.read() == ""
    noted.write("an-id")
    noted.write("another-id")
    assert noted.read() == "another-id"
    shutil.rmtree(checkpoint)
    assert noted.read() == ""


def test_a_file_that_a_kill_has_left_empty_is_none(tmp_path: Path) -> None:
    (tmp_path / "topic_id").touch()
    assert CheckpointNote(str(tmp_path), "topic_id").read() == ""

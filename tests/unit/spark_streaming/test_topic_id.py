"""The id of a topic beside the checkpoint."""

import shutil
from pathlib import Path

import pytest

from spark_streaming.topic_id import NotedId


@pytest.mark.parametrize("scheme", ["", "file:"])
def test_it_is_read_as_it_was_written_and_goes_with_the_checkpoint(tmp_path: Path, scheme: str) -> None:
    checkpoint = tmp_path / "lake" / "_checkpoints" / "parquet"
    noted = NotedId(f"{scheme}{checkpoint}")
    assert noted.read() == ""
    noted.write("an-id")
    noted.write("another-id")
    assert noted.read() == "another-id"
    shutil.rmtree(checkpoint)
    assert noted.read() == ""


def test_a_file_that_a_kill_has_left_empty_is_none(tmp_path: Path) -> None:
    (tmp_path / "topic_id").touch()
    assert NotedId(str(tmp_path)).read() == ""

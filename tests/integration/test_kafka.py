"""The storage of the broker."""

import uuid
from pathlib import Path

import pytest

from stack import kafka
from tests.stacks import own_settings


def test_a_cluster_id_may_begin_with_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of 64 random ids does, and Kafka's tool takes it for an option of its own if it stands alone."""
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID("fb" + 30 * "0"))
    kafka.prepare(own_settings(tmp_path))
    assert "cluster.id=-wAAAAAAAAAAAAAAAAAAAA" in (tmp_path / "kafka" / "data" / "meta.properties").read_text()

"""What the tests of ingestion have in common."""

from collections.abc import Iterator

import pytest

from tests.unit.ingestion.scripted_server import ScriptedServer, running_server


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with running_server() as running:
        yield running

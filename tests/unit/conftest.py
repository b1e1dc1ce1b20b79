"""For all unit tests: no setting of whoever runs them, and one small Spark session, with no server."""

import pytest

from coinloom.settings import Settings
from tests.spark_session import spark

__all__ = ["spark"]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

"""A PostgreSQL that a test may stop and start again."""

import signal
import subprocess
import time
from types import TracebackType
from typing import Any, Self

from coinloom.settings import Settings
from stack import postgres
from stores.migrate import migrate

START_SECONDS = 30


class OwnPostgres:
    """The server of these settings, and its data, for as long as the context lasts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        postgres.prepare(settings)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Return when it answers."""
        self._process = subprocess.Popen(postgres.command(self.settings), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not postgres.is_ready(self.settings):
            assert time.monotonic() < deadline, f"PostgreSQL did not come up within {START_SECONDS} s"
            time.sleep(0.05)

    def migrated(self, database: str, **others: Any) -> Settings:
        """The settings of a new database with all tables, and empty."""
        settings = self.settings.model_copy(update={"postgres_db": database} | others)
        assert postgres.is_ready(settings)  # which creates it
        migrate(settings)
        return settings

    def stop(self) -> None:
        """Break off every connection, and return when it has ended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

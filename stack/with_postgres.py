"""`python -m stack.with_postgres COMMAND ...`: run a command beside an empty PostgreSQL that ends with it.

For tools that ask the database before they do anything, as sqlfluff's dbt templater does.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coinloom.processes import environment
from coinloom.settings import Settings
from stack import postgres
from stack.errors import StackError
from stack.isolation import isolated_settings
from stores.migrate import migrate

START_SECONDS = 30


@contextmanager
def temporary_postgres() -> Iterator[Settings]:
    """An empty, migrated database in a temporary folder; yields the settings to reach it."""
    with tempfile.TemporaryDirectory(prefix="coinloom-postgres-") as home:
        settings = isolated_settings(Path(home))
        postgres.prepare(settings)
        with subprocess.Popen(postgres.command(settings), stderr=subprocess.DEVNULL) as server:
            try:
                _wait_ready(settings)
                migrate(settings)
                yield settings
            finally:
                server.send_signal(signal.SIGINT)
                server.wait()


def _wait_ready(settings: Settings) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not postgres.is_ready(settings):
        if time.monotonic() > deadline:
            raise StackError(f"PostgreSQL did not come up within {START_SECONDS} s.")
        time.sleep(0.1)


def main() -> None:
    with temporary_postgres() as settings:
        sys.exit(subprocess.run(sys.argv[1:], env=environment(settings), check=False).returncode)


if __name__ == "__main__":
    main()

"""A publish at the worst moment to die: after the rows, before the commit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

from coinloom.processes import environment, executable
from coinloom.settings import Settings
from stores.database import connect

HALTED = "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%published_hours%'"


@contextmanager
def halted_publish(settings: Settings) -> Iterator[Popen[str]]:
    """It waits where it remembers the hours. At the end of the block it may go on, if it still can."""
    command = [executable("coinloom"), "publish"]
    with connect(settings) as other:
        other.execute("lock table publishing.published_hours in exclusive mode")
        with Popen(command, env=environment(settings), stderr=PIPE, text=True) as halted:
            try:
                _wait_until_it_halts(settings)
                yield halted
            finally:
                other.close()


def _wait_until_it_halts(settings: Settings) -> None:
    deadline = time.monotonic() + 60
    with connect(settings) as connection:
        connection.autocommit = True
        while connection.execute(HALTED).fetchone() is None:
            assert time.monotonic() < deadline, "no publish has come to its hours"
            time.sleep(0.1)

"""Processes that carry a mark, a variable of their environment: found wherever they are on this machine, and ended."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

KILLED_WAIT_SECONDS = 10  # after a SIGKILL, for the system to have done it


def marked(variable: str) -> Iterator[tuple[psutil.Process, str]]:
    """Each living process that was started with this variable, and the value that it then had."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if value := process.environ().get(variable):
                yield process, value


def ask_to_end(processes: Sequence[psutil.Process]) -> None:
    """Ask processes to end, with SIGTERM; do not wait."""
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()


def end(processes: Sequence[psutil.Process], wait_seconds: float) -> None:
    """Ask processes to end, and kill those that have not after `wait_seconds`; return when all have."""
    ask_to_end(processes)
    _, alive = psutil.wait_procs(processes, timeout=wait_seconds)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=KILLED_WAIT_SECONDS)

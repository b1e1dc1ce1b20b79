"""Processes that carry a mark, a variable of their environment: found wherever they are on this machine, and ended."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

KILLED_WAIT_SECONDS = 10  # after a SIGKILL, for the system to have done it


def marked(variable: str) -> Iterator[tuple[psutil.Process, str]]:
    """Each living process that was started with this variable, and the value that it then had."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if value := _value(process, variable):
                yield process, value


def option(variable: str) -> str:
    """The name of an option that repeats the variable: COINLOOM_OWNED_BY is coinloom.owned_by.

    In a container root may not see the environment of another user's process, as of PostgreSQL, which is `nobody`.
    Command lines are for all to see.
    """
    return variable.lower().replace("_", ".", 1)


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


def _value(process: psutil.Process, variable: str) -> str:
    try:
        return process.environ().get(variable, "")
    except psutil.AccessDenied:
        # PostgreSQL's children write what they do over their command line.
        parent = process.parent()
        return _repeated(process, variable) or (_repeated(parent, variable) if parent else "")


def _repeated(process: psutil.Process, variable: str) -> str:
    start = f"{option(variable)}="
    return next((part.removeprefix(start) for part in process.cmdline() if part.startswith(start)), "")

"""What a process starts can belong to it: it ends when its owner has ended, however that came, `kill -9` included.

An owner marks its own environment, and all that it starts inherits the mark: supervisord with its programs, commands
and their JVMs, a PostgreSQL of its own, a `coinloom up` that a test runs. Beside it stands a guard (stack.guard), a
small process that looks every second whether the owner lives, and ends what carries the mark when it does not.

* The guard is no child of the owner and has a session of its own: what kills the owner's process group or its children
  spares it. It is no program of supervisord, which may be killed too, and which a lone PostgreSQL lacks.
* A mark is a random word, and the guard knows the owner by process id and start time, so it mistakes none for another.
  The next demo may begin in the folder of a killed one while that is still ending.
* Where the guard may not see the environment of PostgreSQL, which is `nobody` in a root shell, its command line repeats
  the mark (stack.marked).
* An owner that another one started adds its mark to that one's. So both can end what it starts.
* Not a pipe that breaks when the owner ends: a forked child would hold it open. Not Linux' PR_SET_PDEATHSIG: it reaches
  children only, does not survive setpriv, is sent when a thread ends, and asks the servers to stop in no order.

Not covered: a guard that was killed as well (the owner's next isolated_settings starts another one), and a child that
was forked from the owner and runs no program of its own.
"""

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass

import psutil

MARKS = "COINLOOM_OWNED_BY"
"""Marks of the owners of a process, outermost first, separated by blanks."""


@dataclass(slots=True)
class _Owner:
    """This process as an owner. A child that was forked from it has another id, and is another owner."""

    process_id: int
    mark: str
    guard: psutil.Process | None = None


_owner = _Owner(process_id=0, mark="")


def end_with_this_process() -> None:
    """Let all that this process starts from now on end with it, within a minute; may be called again and again."""
    global _owner  # noqa: PLW0603  it is the process that has an owner's mark, as it has an environment
    if _owner.process_id != os.getpid():
        _owner = _Owner(os.getpid(), f"{os.getpid()}-{secrets.token_hex(8)}")
        os.environ[MARKS] = f"{os.environ.get(MARKS, '')} {_owner.mark}".strip()
    if _owner.guard is None or not _owner.guard.is_running():
        _owner.guard = _start_guard(_owner)


def _start_guard(owner: _Owner) -> psutil.Process:
    """Return when it watches. It carries no mark: the guard of an outer owner need not end it, it ends by itself."""
    unmarked = {name: value for name, value in os.environ.items() if not name.startswith("COINLOOM_")}
    command = [sys.executable, "-P", "-m", "stack.guard", str(owner.process_id), owner.mark]
    done = subprocess.run(
        command, env=unmarked, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True, check=True
    )
    return psutil.Process(int(done.stdout))

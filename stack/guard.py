"""`python -m stack.guard PID MARK`: wait until a process is gone, then end what carries its mark. See stack.owner."""

import os
import sys
import time
from contextlib import suppress

import psutil

from stack.marked import ask_to_end, end, marked
from stack.owner import MARKS

LOOK_EVERY_SECONDS = 1
# Less than a minute together, a second round of the last one included, also when nothing ends by itself.
ORDERLY_END_SECONDS = 25
LATE_END_SECONDS = 10
SUPERVISORD = "supervisor.supervisord"
MAKES = {"make", "gmake"}


def main(owner_id: int, mark: str) -> None:
    """Look whom to watch, print the id of the process that does, and return."""
    # As long as the owner is our parent, its id means no other process.
    run = _run_of(psutil.Process(owner_id)) if os.getppid() == owner_id else []
    if guard := os.fork():
        print(guard)
        return
    _detach()
    while run and all(map(_lives, run)):
        time.sleep(LOOK_EVERY_SECONDS)
    time.sleep(LOOK_EVERY_SECONDS)  # what was just being started has its mark by now
    _end_all(run[:1], mark)


def _run_of(owner: psutil.Process) -> list[psutil.Process]:
    """The owner and, where make runs it, all between the two: a make that is killed leaves its commands running."""
    with suppress(psutil.Error):
        parents = owner.parents()
        makes = [place for place, parent in enumerate(parents, 1) if parent.name() in MAKES]
        return [owner, *parents[: max(makes, default=0)]]
    return [owner]


def _detach() -> None:
    """Hold nothing that somebody could wait for: no pipe, no folder."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.chdir("/")


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _end_all(owners: list[psutil.Process], mark: str) -> None:
    """End the owners that live and the commands, while each supervisor ends its programs in order; then the rest."""
    owned = _owned(mark)
    supervisors = [process for process in owned if _supervises(process)]
    supervised = {program for supervisor in supervisors for program in _programs(supervisor)}
    ask_to_end(supervisors)
    commands = [process for process in owned if process not in supervised.union(supervisors)]
    end([*filter(_lives, owners), *commands], LATE_END_SECONDS)
    end(supervisors, ORDERLY_END_SECONDS)
    while owned := _owned(mark):
        end(owned, LATE_END_SECONDS)


def _owned(mark: str) -> list[psutil.Process]:
    return [process for process, marks in marked(MARKS) if mark in marks.split()]


def _supervises(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return SUPERVISORD in process.cmdline()
    return False


def _programs(supervisord: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return supervisord.children(recursive=True)
    return []


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

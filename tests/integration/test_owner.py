"""What a process started ends when that process is killed with -9: its stack, its commands, its lone PostgreSQL."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from coinloom.settings import REPOSITORY
from stack.guard import SUPERVISORD
from stack.isolation import isolated_settings
from stack.marked import end, marked
from stack.owner import MARKS
from stack.supervisor import Supervisor
from tests.containers import DOCKERS, root_with

ENDS_WITHIN_SECONDS = 45  # of the minute that is promised; with nothing else to do it takes two to five
LONGER_THAN_A_GUARD_WAITS = 6

# Owners. Each says that all is there, and goes on until it is killed.
STACK = """
import subprocess, sys, time
from pathlib import Path
from coinloom.processes import environment, executable
from coinloom.settings import ServerName, read_settings
from stack import services
from stack.isolation import isolated_settings
from stack.supervisor import Supervisor
settings = isolated_settings(Path(sys.argv[1])) if len(sys.argv) > 1 else read_settings()
postgres = services.server(settings, ServerName.POSTGRES)
simulator = services.simulator(settings, hours=1, speed=1)
supervisor = Supervisor(settings)
supervisor.start([postgres, simulator])
for service in (postgres, simulator):
    supervisor.start_process(service.name)
supervisor.wait_ready(postgres)
subprocess.Popen([executable("coinloom"), "poll", "--interval-seconds", "1"], env=environment(settings))
print("there", flush=True)
time.sleep(600)
"""
COMMANDS = """
import subprocess, sys, time
from pathlib import Path
from coinloom.processes import environment
from stack.isolation import isolated_settings
variables = environment(isolated_settings(Path(sys.argv[1])))
subprocess.Popen(["sleep", "600"], env=variables)
subprocess.run(["sh", "-c", "sleep 600 &"], env=variables, start_new_session=True)
print("there", flush=True)
time.sleep(600)
"""
REFUSES_TO_END = ["sh", "-c", "trap '' TERM; echo there; while true; do sleep 1; done"]
RUNS_ANOTHER = """
import subprocess, sys
from pathlib import Path
from stack.isolation import isolated_settings
isolated_settings(Path(sys.argv[1]) / "outer")
subprocess.run([sys.executable, "-c", sys.argv[2], sys.argv[1]])
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a command in a process group of its own; returns when it has said that all is there."""
    with ExitStack() as started:

        def start(*command: str, **variables: str) -> subprocess.Popen[str]:
            ours = os.environ | variables
            process = subprocess.Popen(
                command, cwd=REPOSITORY, env=ours, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
            started.enter_context(process)
            started.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == "there\n"
            return process

        yield start


def left(home: Path) -> dict[psutil.Process, str]:
    """The living processes that were told of a folder, in their environment or as an argument, and their programs."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            told = process.cmdline()
            with suppress(psutil.AccessDenied):  # in a container, to PostgreSQL's
                told.append(process.environ().get("COINLOOM_HOME", ""))
            if any(str(home) in value for value in told):
                found[process] = process.name()
    return found


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def assert_nothing_is_left(home: Path) -> None:
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while remaining := left(home):
        assert time.monotonic() < deadline, remaining
        time.sleep(0.2)


@pytest.mark.parametrize("supervisor_is_killed_too", [False, True])
def test_a_stack_and_the_commands_beside_it(start: Start, tmp_path: Path, *, supervisor_is_killed_too: bool) -> None:
    owner = start(sys.executable, "-c", STACK, str(tmp_path))
    assert {"coinloom", "postgres"} <= set(left(tmp_path).values())
    (supervisord,) = [process for process in left(tmp_path) if SUPERVISORD in process.cmdline()]
    if supervisor_is_killed_too:
        supervisord.kill()
    kill(owner)
    assert_nothing_is_left(tmp_path)


def test_a_stack_without_an_owner_outlives_the_process_that_started_it(start: Start, tmp_path: Path) -> None:
    """As `coinloom up` starts one: its settings are not isolated by itself, but come from its environment."""
    settings = isolated_settings(tmp_path)
    starter = start(sys.executable, "-c", STACK, **settings.as_environment())
    kill(starter)
    before = left(tmp_path)
    time.sleep(LONGER_THAN_A_GUARD_WAITS)
    after = left(tmp_path)
    Supervisor(settings).stop()
    end(list(left(tmp_path)), 30)
    assert len(before) >= 4
    assert set(before) <= set(after)


@pytest.mark.parametrize("in_a_container", [False, True])
def test_a_postgresql_alone_and_a_command_that_refuses_to_end(
    start: Start, tmp_path: Path, *, in_a_container: bool
) -> None:
    python = [*(root_with(*DOCKERS) if in_a_container else []), sys.executable]
    owner = start(*python, "-m", "stack.with_postgres", *REFUSES_TO_END, TMPDIR=str(tmp_path))
    assert {"postgres", "sh"} <= set(left(tmp_path).values())
    kill(owner)
    assert_nothing_is_left(tmp_path)


def test_an_owner_that_is_killed_with_its_process_group_and_its_children(start: Start, tmp_path: Path) -> None:
    owner = start(sys.executable, "-c", COMMANDS, str(tmp_path))
    children = psutil.Process(owner.pid).children(recursive=True)
    os.killpg(owner.pid, signal.SIGKILL)
    for child in children:
        child.kill()
    owner.wait()
    assert left(tmp_path), "the command that has left its parent still runs"
    assert_nothing_is_left(tmp_path)


def test_the_owner_of_an_owner(start: Start, tmp_path: Path) -> None:
    """A test that runs the chaos command: either may be killed."""
    owner = start(sys.executable, "-c", RUNS_ANOTHER, str(tmp_path), COMMANDS)
    assert len(left(tmp_path)) >= 4
    kill(owner)
    assert_nothing_is_left(tmp_path)


def test_a_make_that_is_killed(start: Start, tmp_path: Path) -> None:
    """It leaves its command running, the owner; because of `cd`, there is a shell between the two."""
    (tmp_path / "owner.py").write_text(COMMANDS)
    (tmp_path / "Makefile").write_text(f"run:\n\t@cd {REPOSITORY} && {sys.executable} {tmp_path}/owner.py {tmp_path}\n")
    make = start("make", "--no-print-directory", "-C", str(tmp_path), PYTHONPATH=str(REPOSITORY))
    kill(make)
    assert left(tmp_path)
    assert_nothing_is_left(tmp_path)


def test_a_guard_watches_for_each_owner_and_is_gone_after_it(start: Start, tmp_path: Path) -> None:
    owner = start(sys.executable, "-c", COMMANDS, str(tmp_path))
    (mark,) = {marks.split()[-1] for process, marks in marked(MARKS) if left(tmp_path).get(process) == "sleep"}
    (guard,) = [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]
    assert guard.ppid() not in {owner.pid, os.getpid()}
    kill(owner)
    guard.wait(ENDS_WITHIN_SECONDS)
    assert left(tmp_path) == {}

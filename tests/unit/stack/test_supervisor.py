"""A service that was stopped stays so, whatever happened to it just before: real processes under a real supervisord."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from stack.errors import StackError
from stack.isolation import isolated_settings
from stack.services import Service
from stack.supervisor import Supervisor

NAMES = [f"sleeper-{number}" for number in range(8)]
RUNNING_AFTER_SECONDS = 10
# supervisord starts again what has ended within a second.
RESTARTED_AFTER_SECONDS = 1.5


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    supervisor = Supervisor(isolated_settings(tmp_path_factory.mktemp("supervised")))
    supervisor.start([Service(name, ["sh", "-c", "echo no room is left; exec sleep 600"]) for name in NAMES])
    yield supervisor
    supervisor.stop()


def test_what_was_killed_and_then_stopped_is_not_started_again(supervisor: Supervisor) -> None:
    for name in NAMES:
        supervisor.start_process(name)
    pids = running(supervisor)
    for number, name in enumerate(NAMES):
        os.kill(pids[name], signal.SIGKILL)
        time.sleep(number * 0.0005)  # so that it is met before, while and after its end is noticed
        supervisor.stop_process(name)
    time.sleep(RESTARTED_AFTER_SECONDS)
    states = {state.name: (state.state, state.pid) for state in supervisor.states()}
    assert states == dict.fromkeys(NAMES, ("STOPPED", None))


def test_what_does_not_run_may_be_stopped(supervisor: Supervisor) -> None:
    supervisor.stop_process(NAMES[0])
    assert {state.state for state in supervisor.states() if state.name == NAMES[0]} == {"STOPPED"}


def test_what_does_not_come_up_shows_the_end_of_its_log(supervisor: Supervisor) -> None:
    never_ready = Service(NAMES[1], [], is_ready=lambda: False)
    said = rf"{NAMES[1]} did not come up; see .*{NAMES[1]}\.log, which ends so:\nno room is left"
    with pytest.raises(StackError, match=said):
        supervisor.wait_ready(never_ready, timeout_seconds=0.5)


def running(supervisor: Supervisor) -> dict[str, int]:
    """The pids, as soon as supervisord takes all for running."""
    deadline = time.monotonic() + RUNNING_AFTER_SECONDS
    while {state.state for state in supervisor.states()} != {"RUNNING"}:
        assert time.monotonic() < deadline, supervisor.states()
        time.sleep(0.1)
    return {state.name: state.pid for state in supervisor.states() if state.pid is not None}

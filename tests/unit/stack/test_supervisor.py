"""What is started, stopped and refused, whatever happened just before: real processes under a real supervisord."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from coinloom.progress import Steps
from coinloom.settings import Settings, Sink, Target
from stack import lifecycle
from stack.errors import StackError
from stack.isolation import isolated_settings
from stack.services import Service
from stack.supervisor import Supervisor

NAMES = [f"sleeper-{number}" for number in range(8)]
RUNNING_AFTER_SECONDS = 10
# supervisord starts again what has ended within a second.
RESTARTED_AFTER_SECONDS = 1.5
SECRET = "a-secret-of-the-test"

Supervise = Callable[[Service], Supervisor]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return isolated_settings(tmp_path_factory.mktemp("supervised"))


@pytest.fixture(scope="module")
def supervisor(settings: Settings) -> Iterator[Supervisor]:
    supervisor = Supervisor(settings)
    supervisor.start([Service(name, ["sh", "-c", "echo no room is left; exec sleep 600"]) for name in NAMES])
    yield supervisor
    supervisor.stop()


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    """Starts a supervisor of one service, and the service."""
    with ExitStack() as started:

        def supervise(service: Service) -> Supervisor:
            supervisor = Supervisor(isolated_settings(tmp_path))
            started.callback(supervisor.stop)
            supervisor.start([service])
            supervisor.start_process(service.name)
            return supervisor

        yield supervise


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


def test_what_waits_for_its_next_try_is_started_at_once(supervise: Supervise) -> None:
    supervisor = supervise(Service("dies", ["false"]))
    wait_for_state(supervisor, "BACKOFF")
    supervisor.start_process("dies")
    assert supervisor.states()[0].state in {"STARTING", "BACKOFF"}


@pytest.mark.parametrize("at_its_end", ["exit", "sleep 2; exit"])
def test_who_waits_while_all_is_stopped_elsewhere_is_told(supervise: Supervise, at_its_end: str) -> None:
    """With the second one, supervisord answers for a while, and refuses."""
    service = Service("never-ready", ["sh", "-c", f"trap '{at_its_end}' TERM; sleep 600 & wait"], lambda: False)
    supervisor = supervise(service)
    wait_for_state(supervisor, "RUNNING")
    with ThreadPoolExecutor() as threads:
        waits = threads.submit(supervisor.wait_ready, service)
        supervisor.stop()
        with pytest.raises(StackError, match="was stopped meanwhile"):
            waits.result()
    with pytest.raises(StackError, match="was stopped meanwhile"):
        supervisor.start_process(service.name)
    assert supervisor.states() == []
    supervisor.stop()


@pytest.mark.parametrize(
    "changed",
    [
        {"poll_interval_seconds": 7.5},
        {"landing_sinks": list(Sink)},
        {"kafka_bootstrap_servers": "127.0.0.1:1"},
        {"bi_reader_password": SecretStr(SECRET), "alert_webhook_url": SecretStr(SECRET)},
        {"spark_local_ip": "10.0.0.7", "dbt_target": Target.POSTGRES},
    ],
    ids=lambda changed: ", ".join(changed).upper(),
)
def test_another_setting_is_named_before_anything_is_written(
    supervisor: Supervisor, settings: Settings, changed: dict[str, Any]
) -> None:
    files = sorted(settings.coinloom_home.rglob("*"))
    with pytest.raises(StackError) as raised:
        lifecycle.start(settings.model_copy(update=changed), [], Steps(Console(quiet=True)))
    names = ", ".join(changed).upper()
    said = f"The stack already runs with other options or settings ({names}). Run 'coinloom down' first."
    assert str(raised.value) == said
    assert sorted(settings.coinloom_home.rglob("*")) == files


def test_the_same_settings_are_no_others(supervisor: Supervisor) -> None:
    supervisor.require_same_settings()


def wait_for_state(supervisor: Supervisor, state: str) -> None:
    deadline = time.monotonic() + RUNNING_AFTER_SECONDS
    while [each.state for each in supervisor.states()] != [state]:
        assert time.monotonic() < deadline, supervisor.states()
        time.sleep(0.02)


def running(supervisor: Supervisor) -> dict[str, int]:
    """The pids, as soon as supervisord takes all for running."""
    deadline = time.monotonic() + RUNNING_AFTER_SECONDS
    while {state.state for state in supervisor.states()} != {"RUNNING"}:
        assert time.monotonic() < deadline, supervisor.states()
        time.sleep(0.1)
    return {state.name: state.pid for state in supervisor.states() if state.pid is not None}

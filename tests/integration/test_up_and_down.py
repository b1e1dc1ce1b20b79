"""`coinloom up --simulate` keeps the pipeline running and restarts what dies; `coinloom down` leaves nothing."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from coinloom.settings import Settings, Sink, Target
from commands.check import look
from health.verdicts import State, worst
from stack import lifecycle, postgres
from stack.guard import SUPERVISORD
from stack.supervisor import Supervisor
from stores.database import DatabaseUnavailable, as_reader, connect
from tests.commands import run_command
from tests.containers import DOCKERS, root_with
from tests.stacks import own_settings, supervised_processes
from tests.unit.monitoring.receiver import SECRET, Receiver, running_receiver

UP = ("up", "--simulate", "--hours", "1", "--speed", "120", "--target", "postgres")


def as_in_the_example(settings: Settings) -> Settings:
    """With .env.example's target and sinks: only `--target` says that these are others."""
    return settings.model_copy(update={"dbt_target": Target.SPARK, "landing_sinks": []})


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """Who is told of changes."""
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Settings]:
    """The light target, because the heavy one is built elsewhere; everything else is as a user has it."""
    settings = own_settings(tmp_path_factory.mktemp("up")).model_copy(
        update={
            "dbt_target": Target.POSTGRES,
            "landing_sinks": [Sink.POSTGRES],
            "poll_interval_seconds": 1,
            "stream_trigger_seconds": 5,
            "build_interval_seconds": 10,
            "monitor_interval_seconds": 1,
            "alert_webhook_url": receiver.url,
            "alert_after_seconds": 2,
            "polls_warning_after_seconds": 15,
        }
    )
    try:
        run_command(as_in_the_example(settings), "coinloom", *UP)
        yield settings
    finally:
        lifecycle.stop(settings)


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(1)


def pid(settings: Settings, name: str) -> int | None:
    """Its process id, or None while it is not running."""
    states = {state.name: state for state in Supervisor(settings).states()}
    return states[name].pid if states[name].state == "RUNNING" else None


def kill_supervisord(settings: Settings) -> None:
    supervised = supervised_processes(settings.coinloom_home)
    (supervisord,) = [process for process in supervised if SUPERVISORD in process.cmdline()]
    supervisord.kill()
    supervisord.wait()


def top_5_is_filled(settings: Settings) -> bool:
    try:
        with connect(settings) as connection:
            tables = connection.execute("select to_regclass('marts.top_5_gainers')").fetchone()
            if tables == (None,):
                return False
            return connection.execute("select count(*) from marts.top_5_gainers").fetchone() != (0,)
    except DatabaseUnavailable:
        return False


def test_the_marts_fill_by_themselves(running: Settings) -> None:
    wait_for(lambda: top_5_is_filled(running), seconds=400)
    limited = running.model_copy(update={"coingecko_credits_per_month": 10_000})
    status = run_command(limited, "coinloom", "status")
    assert "RUNNING" in status
    kept = " ".join(status[status.index("Kept:") :].split())
    assert kept.startswith("Kept: messages on the topic for 7 days, landing for ever, quarantine for ever, reports of")
    assert "Logs: the newest 40 MB of each process and of dbt, in " in kept
    assert "10,000 of 10,000 credits are left this month" in status  # the simulator costs none


def test_every_stage_is_healthy_while_it_runs(running: Settings) -> None:
    wait_for(lambda: top_5_is_filled(running), seconds=400)
    # However full the disk of whoever tests is.
    settings = running.model_copy(update={"warning_below_free_gb": 0, "critical_below_free_gb": 0})
    wait_for(lambda: worst(look(settings, [])).state is State.HEALTHY, seconds=120)
    said = run_command(as_in_the_example(settings), "coinloom", "check", "--target", "postgres")
    assert said.splitlines()[-1] == "healthy: polls, topic, landing_postgres, marts, disk"
    shown = run_command(as_in_the_example(settings), "coinloom", "top", "--once", "--target", "postgres")
    assert "● healthy: The newest answer of CoinGecko is " in shown
    assert "Gainers" in shown


def test_a_second_up_changes_nothing(running: Settings) -> None:
    before = {state.name: pid(running, state.name) for state in Supervisor(running).states()}
    assert set(before) == {
        "kafka",
        "postgres",
        "simulator",
        "poller",
        "stream",
        "build",
        "maintain",
        "monitor",
        "dashboard",
    }
    run_command(as_in_the_example(running), "coinloom", *UP)
    assert {name: pid(running, name) for name in before} == before


def test_a_second_up_with_other_settings_names_them_and_changes_nothing(running: Settings) -> None:
    changed = {"poll_interval_seconds": 2, "bi_reader_password": SecretStr("another-one")}
    said = run_command(as_in_the_example(running).model_copy(update=changed), "coinloom", *UP, expect=1)
    assert "settings (POLL_INTERVAL_SECONDS, BI_READER_PASSWORD). Run 'coinloom down' first." in said
    connect(as_reader(running)).close()


def test_all_servers_listen_on_this_machine_only(running: Settings) -> None:
    listening = []
    for process in supervised_processes(running.coinloom_home):
        with suppress(psutil.NoSuchProcess):  # a connection of PostgreSQL ends when it likes
            connections = process.net_connections("inet")
            listening += [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]
    assert len(listening) >= 4
    assert {address.ip for address in listening} <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}, listening


def test_a_killed_process_comes_back(running: Settings) -> None:
    for name in ("poller", "kafka", "postgres"):
        killed = pid(running, name)
        assert killed is not None
        psutil.Process(killed).kill()

        def is_back(name: str = name, killed: int = killed) -> bool:
            return pid(running, name) not in {None, killed}

        wait_for(is_back, seconds=60)


def test_the_receiver_is_told_once_that_the_poller_is_away_and_once_that_it_is_back(
    running: Settings, receiver: Receiver
) -> None:
    def told_of_polls() -> list[str]:
        return [message["state"] for message in receiver.taken if message["stage"] == "polls"]

    wait_for(
        lambda: told_of_polls()[-1:] in ([], ["healthy"]), seconds=200
    )  # what the tests before have killed is back
    before = told_of_polls()
    Supervisor(running).stop_process("poller")
    wait_for(lambda: told_of_polls() == [*before, "stale"], seconds=200)
    time.sleep(5)
    Supervisor(running).start_process("poller")
    wait_for(lambda: told_of_polls() == [*before, "stale", "healthy"], seconds=200)
    logs = {log.name: log.read_text(encoding="utf-8") for log in Supervisor(running).logs.glob("*.log")}
    assert "polls is STALE, was HEALTHY" in logs["monitor.log"]
    assert [name for name, text in logs.items() if SECRET in text] == []


def test_down_leaves_no_process_and_twice_is_fine(running: Settings) -> None:
    run_command(running, "coinloom", "down")
    assert supervised_processes(running.coinloom_home) == []
    run_command(running, "coinloom", "down")
    assert "Nothing is running" in run_command(running, "coinloom", "status")


def test_what_a_killed_supervisor_left_behind_is_cleaned_up(running: Settings) -> None:
    run_command(running, "coinloom", "up", "--servers-only")
    kill_supervisord(running)
    assert supervised_processes(running.coinloom_home), "the servers outlive their supervisor"
    run_command(running, "coinloom", "up", "--servers-only")
    run_command(running, "coinloom", "down")
    assert supervised_processes(running.coinloom_home) == []


def test_it_is_so_in_a_container_where_root_may_not_see_the_environment_of_postgresql(running: Settings) -> None:
    container = root_with(*DOCKERS)
    run_command(running, *container, "coinloom", "up", "--servers-only")
    kill_supervisord(running)
    assert postgres.processes(running), "the server outlives its supervisor"
    run_command(running, *container, "coinloom", "down")
    assert postgres.processes(running) == supervised_processes(running.coinloom_home) == []


def test_a_taken_port_is_a_clear_error(running: Settings, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = own_settings(tmp_path).model_copy(update={"postgres_port": taken.getsockname()[1]})
        output = run_command(settings, "coinloom", "up", "--servers-only", expect=1)
    assert "POSTGRES_PORT" in output
    assert supervised_processes(tmp_path) == []

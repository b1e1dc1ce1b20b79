"""Servers for a measurement: in a folder of its own below COINLOOM_HOME/bench, without the broker."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coinloom.alone import alone
from coinloom.errors import CoinloomError
from coinloom.settings import ServerName, Settings, Target, read_settings
from stack.isolation import isolated_settings
from stack.lifecycle import running_servers
from stack.supervisor import Supervisor
from stores.migrate import migrate

PACE = ("stream_trigger_seconds", "build_interval_seconds")  # as it comes, whatever .env says


class AnotherBenchmark(CoinloomError):
    """One at a time has the folder of the benchmarks, and the machine."""


def bench_home() -> Path:
    return read_settings().coinloom_home.resolve() / "bench"


@contextmanager
def own_bench_home() -> Iterator[None]:
    """Nobody else has the folder meanwhile; in the end it is removed.

    Raises:
        AnotherBenchmark: whose servers and data we would remove.
    """
    home = bench_home()
    other = AnotherBenchmark(f"Another benchmark works in {home}; let it end, or set COINLOOM_HOME.")
    with alone(home.with_suffix(".lock"), other):
        try:
            yield
        finally:
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def temporary_home(name: str, **overrides: Any) -> Iterator[Settings]:
    """Settings of an empty home that is removed in the end, and before, if a benchmark that was killed has left it."""
    ours = {setting: Settings.model_fields[setting].default for setting in PACE}
    ours |= {"dbt_target": Target.SPARK, "landing_sinks": []}
    settings = isolated_settings(bench_home() / name, **(ours | overrides))
    _remove(settings)
    try:
        yield settings
    finally:
        _remove(settings)


@contextmanager
def running(settings: Settings, *names: ServerName) -> Iterator[dict[ServerName, int]]:
    """Run these servers, PostgreSQL among them; yields their process ids."""
    with running_servers(settings, *names) as supervisor:
        migrate(settings)
        yield _process_ids(supervisor)


def _process_ids(supervisor: Supervisor) -> dict[ServerName, int]:
    """supervisord tells them once it counts a process as running, which is some seconds after its start."""
    while any(state.state != "RUNNING" for state in supervisor.states()):
        time.sleep(0.2)
    return {ServerName(state.name): state.pid for state in supervisor.states() if state.pid}


def _remove(settings: Settings) -> None:
    Supervisor(settings).stop()
    shutil.rmtree(settings.coinloom_home, ignore_errors=True)

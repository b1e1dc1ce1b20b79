"""Embedded stacks for tests, each in a folder and on ports of its own, and places of one's own on a shared one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from coinloom.progress import Steps
from coinloom.settings import Settings, Sink
from ingestion.producer import ensure_topic
from stack import lifecycle, postgres
from stack.isolation import isolated_settings
from stack.marked import marked
from stack.services import Service
from stack.supervisor import MARK
from stores.migrate import migrate

COINS = 60


def own_settings(home: Path) -> Settings:
    """A small market and both sinks, in a stack of its own."""
    sinks = [Sink.PARQUET, Sink.POSTGRES]
    return isolated_settings(home, simulator_coins=COINS, coingecko_top_n=COINS, landing_sinks=sinks)


@contextmanager
def running_stack(settings: Settings, *others: Service) -> Iterator[Settings]:
    """The servers that the settings' target needs, and other services; none of them is left at the end."""
    try:
        lifecycle.start(settings, list(others), Steps(Console(quiet=True)))
        yield settings
    finally:
        lifecycle.stop(settings)
    assert supervised_processes(settings.coinloom_home) == []


def elsewhere(stack: Settings, name: str, home: Path, **overrides: Any) -> Settings:
    """A topic, a lake and an empty database of its own on the servers of a stack."""
    ours = {"kafka_topic": name, "postgres_db": name, "lake_root": str(home / "lake"), "coinloom_home": home}
    settings = stack.model_copy(update=ours | {"jars_folder": stack.jars} | overrides)
    assert postgres.is_ready(settings)  # which creates the database
    migrate(settings)
    ensure_topic(settings)
    return settings


def supervised_processes(home: Path) -> list[psutil.Process]:
    """The processes that a supervisor of this home started and that still live."""
    return [process for process, supervised_by in marked(MARK) if supervised_by == str(home.resolve())]

"""The real embedded stack, in a folder and on ports of its own: broker, PostgreSQL, Thrift Server and simulator."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from kafka import KafkaProducer
from rich.console import Console

from coinloom.processes import executable
from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, Settings, Sink, Target
from ingestion.producer import ensure_topic
from serving.marts import read_marts
from stack import lifecycle, postgres, services
from stack.isolation import isolated_settings
from stack.supervisor import MARK
from stores.database import connect
from stores.migrate import migrate

MARTS = {mart.name: ", ".join(mart.key) for mart in read_marts()}
GARBAGE = [b"garbage", b"", b"\xff\xfe", b"[]", b'{"coin_id": "x", "vs_currency": "usd", "price": 0}']
POLLS = 80

Rows = dict[str, list[dict[str, Any]]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


def own_settings(home: Path) -> Settings:
    """A small market and both sinks, in a stack of its own."""
    return isolated_settings(home, simulator_coins=60, coingecko_top_n=60, landing_sinks=[Sink.PARQUET, Sink.POSTGRES])


def elsewhere(stack: Settings, name: str, home: Path, **overrides: Any) -> Settings:
    """A topic, a lake and an empty database of its own on the servers of a stack."""
    ours = {"kafka_topic": name, "postgres_db": name, "lake_root": str(home / "lake"), "coinloom_home": home}
    settings = stack.model_copy(update=ours | {"jars_folder": stack.jars} | overrides)
    assert postgres.is_ready(settings)  # which creates the database
    migrate(settings)
    ensure_topic(settings)
    return settings


def run_command(settings: Settings, *command: str, cwd: Path = REPOSITORY, expect: int = 0) -> str:
    """Run a command of this environment as its users do; returns what it printed."""
    environment = dict(os.environ) | settings.as_environment()
    environment["PATH"] = f"{Path(executable('coinloom')).parent}:{environment['PATH']}"
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == expect, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def run_dbt(settings: Settings, artifacts: Path, *arguments: str) -> str:
    """Run dbt without any wrapper, what it writes going to `artifacts`; returns what it printed."""
    paths = ["--target-path", str(artifacts), "--log-path", str(artifacts)]
    return run_command(settings, "dbt", *arguments, *paths, cwd=REPOSITORY / "dbt_project")


def supervised_processes(home: Path) -> list[psutil.Process]:
    """The processes that a supervisor of this home started and that still live."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(home.resolve()):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The servers and a simulator that plays two hours of market in 24 seconds, up to now."""
    settings = own_settings(tmp_path_factory.mktemp("stack"))
    try:
        lifecycle.start(settings, [services.simulator(settings, hours=2, speed=300)], Steps(Console(quiet=True)))
        yield settings
    finally:
        lifecycle.stop(settings)
    assert supervised_processes(settings.coinloom_home) == []


@pytest.fixture(scope="session")
def landed(stack: Settings) -> Settings:
    """Two hours of polls and some garbage, landed in both sinks."""
    run_command(stack, "coinloom", "poll", "--max-polls", str(POLLS), "--interval-seconds", "0.3")
    producer = KafkaProducer(bootstrap_servers=stack.kafka_bootstrap_servers)
    for value in GARBAGE:
        producer.send(stack.kafka_topic, value=value, headers=[("schema-version", b"1.0")])
    producer.flush()
    producer.close()
    run_command(stack, "coinloom", "stream", "--available-now")
    return stack


@pytest.fixture(scope="session")
def marts(landed: Settings) -> dict[Target, Rows]:
    """The marts in PostgreSQL after a build and publish on each target."""
    results = {}
    for target in Target:
        run_command(landed, "coinloom", "build", "--publish", "--target", target)
        results[target] = {mart: read(landed, mart, order) for mart, order in MARTS.items()}
    return results


def read(settings: Settings, mart: str, order: str) -> list[dict[str, Any]]:
    with connect(settings) as connection, connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(f"select * from marts.{mart} order by {order}").fetchall()  # noqa: S608 names of ours

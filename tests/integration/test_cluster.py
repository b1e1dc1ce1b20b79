"""Stream and Thrift Server on a standalone cluster, the lake on S3, while workers and executors die.

In the end the marts are those of one machine with a local lake.
"""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from chaos.evidence import mart_rows
from chaos.pipeline import undisturbed
from coinloom.processes import environment, executable
from coinloom.progress import Steps
from coinloom.settings import Settings, Sink
from ingestion.topic import topic_ends
from stack import services
from stores.landing import landed_offsets
from tests.cluster import Cluster, cluster, on_the_cluster
from tests.commands import run_command
from tests.integration.stored_lake import (
    assert_all_is_there_once,
    double_all,
    newest,
    no_secret_on_a_command_line,
    poll,
)
from tests.integration.streams import running_stream, wait_for
from tests.object_store import SECRET, files, object_store, on_s3
from tests.stacks import own_settings, running_stack

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

POLLS = 20


@dataclass(frozen=True, slots=True)
class OnACluster:
    """The settings of a pipeline whose servers run, and what its Spark runs on."""

    settings: Settings
    cluster: Cluster

    def of_the_thrift_server(self) -> str:
        return min(self.cluster.executors())

    def of_the_stream(self) -> str:
        return max(self.cluster.executors())


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnACluster]:
    home = tmp_path_factory.mktemp("cluster")
    with object_store(home), cluster(home / "spark") as spark:
        settings = on_the_cluster(on_s3(own_settings(home)), spark.url)
        with running_stack(settings, services.simulator(settings, hours=2, speed=150)):
            yield OnACluster(settings, spark)


def is_in_a_batch(settings: Settings) -> bool:
    return newest(settings, "offsets") > newest(settings, "commits")


def test_a_stream_whose_executor_and_worker_die_in_a_batch_loses_nothing(pipeline: OnACluster, tmp_path: Path) -> None:
    settings, spark = pipeline.settings, pipeline.cluster
    with running_stream(settings, tmp_path / "stream.log") as stream:
        wait_for(lambda: newest(settings, "commits") >= 0, 600, stream)  # the first batch may be empty
        poll(settings, POLLS // 2)
        wait_for(lambda: is_in_a_batch(settings), 600, stream)
        assert no_secret_on_a_command_line()
        for executor in spark.executors()[pipeline.of_the_stream()]:
            executor.kill()
        wait_for(lambda: newest(settings, "commits") >= 1, 600, stream)
        poll(settings, POLLS // 2)
        wait_for(lambda: is_in_a_batch(settings), 600, stream)
        spark.kill_worker("first")
        poll(settings, 3)
        wait_for(lambda: landed_offsets(settings, Sink.PARQUET) == topic_ends(settings), 900, stream)
        spark.start_worker("first")
    assert_all_is_there_once(settings)
    assert files(settings, "_staging/crypto_prices") == []


def test_a_build_whose_executor_and_worker_die_makes_the_marts_of_one_machine(
    pipeline: OnACluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings, spark = pipeline.settings, pipeline.cluster
    double_all(settings)  # and it meets rows twice, which a killed maintain has left
    with building(settings) as build:
        wait_for_model(build, "int_prices")
        for executor in spark.executors()[pipeline.of_the_thrift_server()]:
            executor.kill()
        wait_for_model(build, "crypto_table")
        spark.kill_worker("second")
        printed = build.communicate()[0]
    spark.start_worker("second")
    print(f"\nthe disturbed build ended with {build.returncode}: {printed[-300:]}")
    if build.returncode != 0:
        run_command(settings, "coinloom", "build")
    run_command(settings, "coinloom", "publish")
    with undisturbed(settings, tmp_path_factory.mktemp("one-machine"), Steps(Console(quiet=True))) as local:
        assert local.spark_master.startswith("local")
        expected = mart_rows(local)
    # Nobody may have risen or fallen within the last five minutes.
    assert all(rows for mart, rows in expected.items() if not mart.startswith("top_5"))
    assert mart_rows(settings) == expected


def building(settings: Settings) -> subprocess.Popen[str]:
    command = [executable("coinloom"), "build"]
    return subprocess.Popen(
        command, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for_model(build: subprocess.Popen[str], model: str) -> None:
    """Until the build begins with it."""
    assert build.stdout is not None
    started = next((line for line in build.stdout if " START " in line and f".{model} " in line), None)
    assert started, f"the build has ended before {model}"
    time.sleep(0.3)


def test_no_secret_is_in_any_log_of_the_cluster(pipeline: OnACluster) -> None:
    logs = [path for path in pipeline.cluster.home.rglob("*") if path.is_file() and path.suffix != ".jar"]
    assert any(path.name == "stderr" for path in logs)
    for path in logs:
        assert SECRET not in path.read_text(errors="replace"), path

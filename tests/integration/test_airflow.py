"""Airflow finds the DAG where the README says, and a run of it does the real thing: freshness, build, publish."""

import json
from pathlib import Path

import pytest

from coinloom.settings import REPOSITORY, Settings, Target
from stores.database import connect
from tests.integration.conftest import run_command


@pytest.fixture(scope="module")
def airflow(landed: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An Airflow of its own beside the stack, on the light target; landing is fresh."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        environment.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(REPOSITORY / "airflow" / "dags"))
        environment.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        run_command(landed, "airflow", "db", "migrate")
        run_command(landed, "coinloom", "poll", "--once")
        run_command(landed, "coinloom", "stream", "--available-now")
        yield landed.model_copy(update={"dbt_target": Target.POSTGRES})


DESCRIBE = """
import runpy
dag = runpy.run_path("airflow/dags/crypto_dag.py")["crypto_dag"]()
print("catchup", dag.catchup, "timeout", dag.dagrun_timeout, "retries", [task.retries for task in dag.tasks])
print("order", " > ".join(task.task_id for task in dag.topological_sort()))
"""


def test_the_dag_is_found_and_runs_one_at_a_time(airflow: Settings) -> None:
    assert run_command(airflow, "airflow", "dags", "list-import-errors", "-o", "json").strip().endswith("[]")
    run_command(airflow, "airflow", "dags", "reserialize")
    output = run_command(airflow, "airflow", "dags", "details", "crypto_dag", "-o", "json")
    (details,) = json.loads(output[output.index("[{") :])
    assert details["timetable_summary"] == "*/5 * * * *"
    assert details["max_active_runs"] == "1"
    assert details["is_paused"] == "False"


def test_the_dag_retries_has_timeouts_and_does_not_catch_up(airflow: Settings) -> None:
    output = run_command(airflow, "python", "-c", DESCRIBE)
    assert "catchup False timeout 0:20:00 retries [2, 2, 2]" in output
    assert "order source_freshness > dbt_build > publish" in output


def test_a_day_of_tests_looks_at_the_whole_history(airflow: Settings) -> None:
    run_command(airflow, "airflow", "dags", "test", "crypto_dag")
    output = run_command(airflow, "airflow", "dags", "test", "daily_dag")
    assert "every_kafka_offset_is_in_one_place_once" in output
    assert "state=success" in output or "DagRun Finished" in output


def test_a_run_builds_and_publishes(airflow: Settings, tmp_path: Path) -> None:
    with connect(airflow) as connection:
        connection.execute("drop table if exists marts.top_5_losers, marts.top_5_gainers")
    output = run_command(airflow, "airflow", "dags", "test", "crypto_dag")
    assert "state=success" in output or "DagRun Finished" in output
    with connect(airflow) as connection:
        assert connection.execute("select count(*) from marts.top_5_losers").fetchone() == (5,)

"""Airflow finds the DAGs where the README says; a run of each does the real thing: freshness, build, publish, tests.

What failed is named in the task's error, and what changed is an event of its asset.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from coinloom.settings import REPOSITORY, Settings, Target
from serving.marts import read_marts
from stores.database import connect
from tests.commands import run_command
from tests.integration.warm_stream import WarmStream

# An Airflow that starts takes six seconds, so there is one for what must pass, and one for what must fail.
COMMANDS = {
    "migrate": "db migrate",
    "errors": "dags list-import-errors -o json",
    "serialize": "dags reserialize",
    "details": "dags details crypto_dag -o json",
    "run": "dags test crypto_dag",
    "daily run": "dags test daily_dag",
}
EVENTS = """
import runpy, shlex, sys
from airflow.models.asset import AssetEvent, AssetModel
from airflow.utils.session import create_session
def say_events():
    with create_session() as session:
        for event, asset in session.query(AssetEvent, AssetModel).filter(AssetEvent.asset_id == AssetModel.id):
            print("event", asset.uri, event.extra["changed_rows"], event.extra["changed_at"])
sys.path.insert(0, "airflow/dags")
"""
IN_ONE_AIRFLOW = f"""{EVENTS}
from airflow.cli.cli_parser import get_parser
for command in sys.argv[1:]:
    arguments = get_parser().parse_args(shlex.split(command))
    arguments.func(arguments)
    print("\\n=====", flush=True)
dag = runpy.run_path("airflow/dags/crypto_dag.py")["crypto_dag"]()
print("catchup", dag.catchup, "timeout", dag.dagrun_timeout, "retries", [task.retries for task in dag.tasks])
print("order", " > ".join(task.task_id for task in dag.topological_sort()))
print("named", [dag.dag_display_name, *(task.task_display_name for task in dag.tasks)])
print("explained", all(task.doc_md for task in dag.tasks))
print("outlets", sorted(asset.uri for task in dag.tasks for asset in task.outlets))
say_events()
"""
# `publish` alone, once after each of the first statements; then the day's tests, with a row that is twice; then, as
# `airflow dags test daily_dag`, but for the five minutes before it tries again, a day of good tests without PostgreSQL.
WHAT_FAILS = f"""{EVENTS}
import os
from airflow.cli.cli_parser import get_parser
from coinloom.settings import read_settings
from stores.database import connect
half_way, mended, doubled, single = sys.argv[1:]
def execute(statement):
    with connect(read_settings()) as connection:
        connection.execute(statement)
dag = runpy.run_path("airflow/dags/crypto_dag.py")["crypto_dag"]()
dag.get_task("publish").retries = 0
for statement in (half_way, mended):
    execute(statement)
    ended = dag.test(mark_success_pattern="source_freshness|dbt_build|check")
    print("\\n=====", ended.get_task_instance("publish").state)
    say_events()
print("\\n=====", flush=True)
execute(doubled)
try:
    arguments = get_parser().parse_args(["tasks", "test", "daily_dag", "test_whole_history"])
    arguments.func(arguments)
finally:
    execute(single)
print("\\n=====", flush=True)
os.environ["POSTGRES_PORT"] = "1"
dag = runpy.run_path("airflow/dags/daily_dag.py")["daily_dag"]()
for task in dag.tasks:
    task.retries = 0
day = dag.test(mark_success_pattern="test_whole_history")
for ended in (*day.get_task_instances(), day):
    print("ended", getattr(ended, "task_id", ended.dag_id), ended.state)
"""
CHANGED = re.compile(
    r"published marts\.(\w+): \d+ rows compared, (\d+) upserted, (\d+) deleted in [\d.]+ s, last changed (\d\S+)"
)
EVENT = re.compile(r"^event coinloom://marts/(\w+) (\d+) (\S+)$", re.MULTILINE)
# One mart to change, and another one, which comes later, that cannot be published.
HALF_WAY = """
    update marts.coin_overview set price = price + 1 where market_cap_rank = 1;
    alter table marts.top_5_losers alter column rank type text
"""
MENDED = "alter table marts.top_5_losers alter column rank type integer using rank::integer"
FRESHNESS = "select changed_at from marts.freshness where mart = 'coin_overview'"
DOUBLED = """
    insert into quarantine.crypto_prices
        (kafka_topic, kafka_partition, kafka_offset, produced_at, reason, landed_at, landed_hour)
    select kafka_topic, kafka_partition, kafka_offset, produced_at, 'doubled', landed_at, landed_hour
    from landing.crypto_prices
    limit 1
"""
SINGLE = "delete from quarantine.crypto_prices where reason = 'doubled'"


@pytest.fixture(scope="module")
def airflow(landed: Settings, warm_stream: WarmStream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An Airflow of its own beside the stack, on the light target; landing is fresh."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        environment.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(REPOSITORY / "airflow" / "dags"))
        environment.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        run_command(landed, "coinloom", "poll", "--once")
        warm_stream.land(landed)
        # On a busy machine minutes pass between that poll and the end of the DAG, which checks how old it is.
        yield landed.model_copy(update={"dbt_target": Target.POSTGRES, "critical_after_seconds": 3600})


@pytest.fixture(scope="module")
def said(airflow: Settings) -> dict[str, str]:
    """What each command says, and what is known of the DAG and the events in Python, as `known`.

    The run of the DAG finds two marts that are not there.
    """
    with connect(airflow) as connection:
        connection.execute("drop table if exists marts.top_5_losers, marts.top_5_gainers")
    printed = run_command(airflow, "python", "-c", IN_ONE_AIRFLOW, *COMMANDS.values())
    return dict(zip([*COMMANDS, "known"], printed.split("\n=====\n"), strict=True))


def test_the_dag_is_found_and_runs_one_at_a_time(said: dict[str, str]) -> None:
    assert said["errors"].strip().endswith("[]")
    (details,) = json.loads(said["details"][said["details"].index("[{") :])
    assert details["timetable_summary"] == "*/5 * * * *"
    assert details["max_active_runs"] == "1"
    assert details["is_paused"] == "False"


def test_the_dag_retries_has_timeouts_and_does_not_catch_up(said: dict[str, str]) -> None:
    assert "catchup False timeout 2:52:00 retries [2, 2, 2, 2]" in said["known"]
    assert "order source_freshness > dbt_build > publish > check" in said["known"]


def test_the_tasks_are_named_and_explained_and_every_mart_is_an_asset(said: dict[str, str]) -> None:
    for name in ("Is landing fresh?", "Build and test the models", "Publish the marts", "Is it healthy?"):
        assert f"'{name}'" in said["known"]
    assert "explained True" in said["known"]
    assert f"outlets {[f'coinloom://marts/{mart.name}' for mart in read_marts()]}" in said["known"]


def test_without_cosmos_there_is_no_dag_for_each_model_and_no_error(said: dict[str, str]) -> None:
    assert "models_dag" not in said["serialize"]
    assert "daily_dag" in said["serialize"]


def test_a_run_builds_and_publishes(airflow: Settings, said: dict[str, str]) -> None:
    output = said["run"]
    assert "state=success" in output or "DagRun Finished" in output
    changed = [(mart, str(int(upserted) + int(deleted)), at) for mart, upserted, deleted, at in CHANGED.findall(output)]
    assert {mart for mart, *_ in changed} == {mart.name for mart in read_marts()}
    assert sorted(EVENT.findall(said["known"])) == sorted(changed)
    ranked = 0
    with connect(airflow) as connection:
        # Where polls came late, as on a busy machine, fewer than five coins have risen, or fallen, within five minutes.
        for table, moved in (("top_5_gainers", "> 0"), ("top_5_losers", "< 0")):
            counts = (
                f"select (select count(*) from marts.{table}), least(count(*), 5) "  # noqa: S608
                f"from intermediate.int_top_5_candidates where price_change_5m_pct {moved}"
            )
            counted = connection.execute(counts)
            [(published, expected)] = counted.fetchall()
            assert published == expected
            ranked += published
        assert ranked > 0


@pytest.fixture(scope="module")
def failed(airflow: Settings, said: dict[str, str]) -> dict[str, str]:
    """What is said of a publish that stops half-way, of the next one, of the day's tests, and of a day as a whole."""
    statements = (HALF_WAY, MENDED, DOUBLED, SINGLE)
    _, *parts = run_command(airflow, "python", "-c", WHAT_FAILS, *statements).split("\n=====")
    return dict(zip(("half-way", "next", "tests", "day"), parts, strict=True))


def test_what_a_failed_publish_has_changed_is_an_event_of_the_next_one(
    airflow: Settings, said: dict[str, str], failed: dict[str, str]
) -> None:
    with connect(airflow) as connection:
        [(changed_at,)] = connection.execute(FRESHNESS).fetchall()
    before, half_way, after = (
        set(EVENT.findall(events)) for events in (said["known"], failed["half-way"], failed["next"])
    )
    assert failed["half-way"].startswith(" failed\n")
    assert half_way == before
    assert failed["next"].startswith(" success\n")
    [(mart, rows, at)] = after - before
    assert (mart, rows, datetime.fromisoformat(at)) == ("coin_overview", "0", changed_at)


def test_a_day_of_tests_looks_at_the_whole_history(said: dict[str, str]) -> None:
    output = said["daily run"]
    assert "every_kafka_offset_is_in_one_place_once" in output
    assert "state=success" in output or "DagRun Finished" in output


def test_a_failure_names_the_test_and_a_row_that_it_found(failed: dict[str, str]) -> None:
    why = "every_kafka_offset_is_in_one_place_once: Got 1 result, configured to fail if != 0"
    row = "every_kafka_offset_is_in_one_place_once found a row with kafka_topic = "
    assert f"failed. test {why}\n{row}" in failed["tests"]


def test_a_day_whose_maintenance_has_failed_is_a_failed_one(failed: dict[str, str]) -> None:
    assert dict(re.findall(r"^ended (\w+) (\w+)$", failed["day"], re.MULTILINE)) == {
        "maintain": "failed",
        "test_whole_history": "success",
        "maintained_and_tested": "upstream_failed",
        "daily_dag": "failed",
    }

"""What Airflow is told of our commands: how long each may take, and what is said of one that took longer or failed."""

import json
import os
import re
import runpy
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from coinloom.settings import REPOSITORY, Settings

DAGS = REPOSITORY / "airflow" / "dags"
SET = {
    "CRYPTO_DAG_SCHEDULE": "",
    "MODELS_DAG_SCHEDULE": "",
    "DBT_TARGET_PATH": "",
    "BUILD_TIMEOUT_SECONDS": "7200",
    "BUILD_LOCK_WAIT_SECONDS": "60",
}


def failing(writes: str, says: str) -> str:
    """A command in whose time dbt writes this."""
    return f"cat > $DBT_TARGET_PATH/run_results.json <<END\n{writes}\nEND\necho {says}; exit 1"


def artifact(**variables: str) -> str:
    """As dbt writes it of a command with a test that failed."""
    result = {"status": "fail", "unique_id": "test.coinloom.not_null_price.0a1b2c3d", "message": "Got 1 result"}
    return json.dumps({"metadata": {"env": variables}, "results": [result]})


FAILING = {
    "ours": failing(artifact(COINLOOM_COMMAND="$DBT_ENV_CUSTOM_ENV_COINLOOM_COMMAND"), "Done."),
    "another": failing(artifact(COINLOOM_COMMAND="/tmp/another"), "No room."),  # noqa: S108 of another task
    "somebody": failing(artifact(), "No room."),
    "half_written": failing(artifact()[:40], "No room."),
}
# Without a server, and in a process of its own: Airflow's timeout takes the alarm that pytest's has.
IN_AIRFLOW = """
import json, os, runpy, sys
from airflow.exceptions import AirflowException
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import timeout
from coinloom_commands import ARTIFACTS, CommandOperator

crypto, daily = (runpy.run_path(f"airflow/dags/{name}.py")[name]() for name in ("crypto_dag", "daily_dag"))
print("schedule", crypto.schedule)
print("artifacts", ARTIFACTS)
for dag in (crypto, daily):
    for task in dag.tasks:
        print("timeout", task.task_id, task.execution_timeout.total_seconds() if task.execution_timeout else None)
print("timeout", crypto.dag_id, crypto.dagrun_timeout.total_seconds())
for leaf in daily.leaves:
    print("leaf", leaf.task_id, leaf.trigger_rule.value, *sorted(leaf.upstream_task_ids))
slow = CommandOperator(task_id="slow", bash_command="echo Waiting for a build since noon; sleep 60")
try:
    with timeout(1):
        slow.execute({})
except AirflowTaskTimeout:
    slow.on_kill()
    print("cut off")
os.environ["DBT_TARGET_PATH"] = os.environ["AIRFLOW_HOME"]
commands = runpy.run_path("airflow/dags/coinloom_commands.py")
for name, command in json.loads(sys.argv[1]).items():
    try:
        commands["CommandOperator"](task_id=name, bash_command=command).execute({})
    except AirflowException as error:
        print("failed", name, json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    ours = {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")), "PYTHONPATH": str(DAGS)}
    command = [sys.executable, "-c", IN_AIRFLOW, json.dumps(FAILING)]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | SET | ours, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def known(**environment: str) -> dict[str, Any]:
    """What coinloom_settings.py makes of this environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return runpy.run_path(str(DAGS / "coinloom_settings.py"))


@pytest.mark.parametrize("environment", [{}, {"BUILD_TIMEOUT_SECONDS": "", "BUILD_LOCK_WAIT_SECONDS": ""}])
def test_a_build_has_as_long_in_airflow_as_in_the_loop(environment: dict[str, str]) -> None:
    of_ours = Settings.model_fields["build_timeout_seconds"], Settings.model_fields["build_lock_wait_seconds"]
    expected = sum(field.default for field in of_ours) + 60
    assert known(**environment)["LONGEST_BUILD"] == timedelta(seconds=expected)


@pytest.mark.parametrize("value", ["an hour", "inf", "nan"])
def test_a_time_that_is_no_number_is_named(value: str) -> None:
    with pytest.raises(ValueError, match="BUILD_TIMEOUT_SECONDS has to be a number of seconds"):
        known(BUILD_TIMEOUT_SECONDS=value)


def test_what_waits_for_a_build_is_not_cut_off_before_it_can_say_so(said: str) -> None:
    timeouts = {name: float(seconds) for name, seconds in re.findall(r"timeout (\w+) ([\d.]+)", said)}
    assert timeouts["dbt_build"] == timeouts["publish"] == 7200 + 60 + 60
    assert timeouts["maintain"] == timeouts["test_whole_history"] == 2 * 3600 + 60
    tasks = ("source_freshness", "dbt_build", "publish", "check")
    assert timeouts["crypto_dag"] > sum(timeouts[task] for task in tasks)


def test_a_setting_that_is_empty_has_its_default(said: str) -> None:
    assert "schedule */5 * * * *" in said
    assert f"artifacts {REPOSITORY / 'dbt_project' / 'target'}" in said


def test_a_day_is_good_only_if_both_of_its_tasks_were(said: str) -> None:
    assert re.findall(r"^leaf .*$", said, re.MULTILINE) == [
        "leaf maintained_and_tested all_success maintain test_whole_history"
    ]


def test_a_command_that_is_cut_off_has_its_last_lines_in_the_log(said: str) -> None:
    assert "did not end within" in said
    assert "is cut off. Waiting for a build since noon" in said
    assert "\ncut off\n" in said


def test_what_failed_is_named_by_what_dbt_wrote_of_this_command(said: str) -> None:
    errors = {name: json.loads(error) for name, error in re.findall(r"^failed (\w+) (.*)$", said, re.MULTILINE)}
    reasons = {name: error.rpartition("' failed. ")[2] for name, error in errors.items()}
    assert reasons == {
        "ours": "test not_null_price: Got 1 result\nDone.",
        "another": "No room.",
        "somebody": "No room.",
        "half_written": "No room.",
    }

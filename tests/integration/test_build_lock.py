"""Two builds never run into each other: a small dbt project of our name, run by two processes at once."""

import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import pytest

from coinloom.processes import environment
from coinloom.settings import REPOSITORY, Settings, Target
from commands.build import DBT_PROJECT
from serving.build_lock import BuildLockTaken, lock_of, take_build_lock
from stack.ports import free_port
from stack.with_postgres import temporary_postgres
from stores.database import connect
from tests.commands import run_command
from tests.forks import Forked

PROFILE = """
small:
  target: postgres
  outputs:
    postgres:
      type: postgres
      host: "{{ env_var('POSTGRES_HOST') }}"
      port: "{{ env_var('POSTGRES_PORT') | as_number }}"
      dbname: "{{ env_var('POSTGRES_DB') }}"
      user: "{{ env_var('POSTGRES_USER') }}"
      password: "{{ env_var('POSTGRES_PASSWORD') }}"
      schema: small
      threads: 1
"""
MODELS = {"slow": "select 1 as one from (select pg_sleep({{ var('seconds') }})) as slept", "quick": "select 1 as one"}

Projects = Callable[[str], Path]


@pytest.fixture(scope="module")
def database() -> Iterator[Settings]:
    with temporary_postgres() as settings:
        yield settings.model_copy(update={"build_lock_wait_seconds": 60.0, "dbt_target": Target.POSTGRES})


@pytest.fixture
def project(tmp_path: Path) -> Projects:
    def write(name: str) -> Path:
        folder = tmp_path / name
        (folder / "models").mkdir(parents=True)
        variables = "models: {+materialized: table}\nvars: {seconds: 0}\nflags: {send_anonymous_usage_stats: false}"
        (folder / "dbt_project.yml").write_text(f"name: {name}\nprofile: small\nversion: '1.0.0'\n{variables}\n")
        (folder / "profiles.yml").write_text(PROFILE)
        for model, query in MODELS.items():
            (folder / "models" / f"{model}.sql").write_text(query)
        return folder

    return write


@contextmanager
def running_build(settings: Settings, folder: Path, seconds: int) -> Iterator[Forked]:
    """dbt in the middle of a model that takes so many seconds; it holds the lock."""
    command = ["dbt", "run", "--select", "slow", "--vars", f"seconds: {seconds}"]
    process = Forked(command, environment(settings), folder, folder / "printed.txt")
    try:
        while not sleepers(settings, "pid"):
            assert not process.has_ended, process.stdout
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        sleepers(settings, "pg_terminate_backend(pid)")  # its statement would sleep on without it


def sleepers(settings: Settings, what: LiteralString) -> list[tuple[Any, ...]]:
    with connect(settings) as connection:
        return connection.execute(f"select {what} from pg_stat_activity where wait_event = 'PgSleep'").fetchall()  # noqa: S608


def impatient(settings: Settings) -> Settings:
    return settings.model_copy(update={"build_lock_wait_seconds": 0.0})


def test_a_second_build_waits_and_says_for_whom(database: Settings, project: Projects) -> None:
    folder = project("coinloom")
    with running_build(database, folder, seconds=5) as first:
        paths = ["--target-path", str(folder / "second"), "--log-path", str(folder / "second")]
        output = run_command(database, "dbt", "run", "--select", "quick", *paths, cwd=folder)
        assert first.wait().returncode == 0
    assert f"Waiting up to 60 s for another build to end: dbt run, process {first.pid} on " in output
    assert "PASS=1" in output


def test_without_patience_a_build_or_publish_fails_and_says_what_to_do(database: Settings, project: Projects) -> None:
    folder = project("coinloom")
    with running_build(database, folder, seconds=60) as first:
        build = run_command(impatient(database), "dbt", "run", cwd=folder, expect=2)
        publish = run_command(impatient(database), "coinloom", "publish", expect=1)
    for output in (build, publish):
        words = " ".join(output.split())
        assert f"Another build is running: dbt run, process {first.pid} on " in words
        assert "Run this again when it has ended" in words
        assert "Traceback" not in output


def test_a_killed_build_holds_nothing(database: Settings, project: Projects) -> None:
    with running_build(database, project("coinloom"), seconds=60) as first:
        with pytest.raises(BuildLockTaken):
            take_build_lock(impatient(database), "test")
        first.kill()
        patient = database.model_copy(update={"build_lock_wait_seconds": 5.0})
        take_build_lock(patient, "test").close()


def test_a_process_that_outlives_its_build_holds_nothing(database: Settings, project: Projects) -> None:
    program = (
        "from coinloom.settings import read_settings; from serving.build_lock import take_build_lock;"
        "from dbt.cli.main import dbtRunner; assert dbtRunner().invoke(['run']).success;"
        "assert dbtRunner().invoke(['run']).success; take_build_lock(read_settings(), 'test').close()"
    )
    run_command(impatient(database), "python", "-c", program, cwd=project("coinloom"))


def test_other_projects_and_other_commands_do_not_wait(database: Settings, project: Projects) -> None:
    ours, other = project("coinloom"), project("another")
    lock = take_build_lock(database, "test")
    run_command(impatient(database), "dbt", "run", cwd=other)
    run_command(impatient(database), "dbt", "compile", cwd=ours)
    lock.close()


def test_the_daily_tests_wait_for_a_build_and_others_do_not(database: Settings, project: Projects) -> None:
    folder = project("coinloom")
    shutil.copy(DBT_PROJECT / "selectors.yml", folder)
    [daily] = re.findall(r'"(dbt .* --selector daily .*)"', (REPOSITORY / "airflow/dags/daily_dag.py").read_text())
    hasty = database.model_copy(update={"build_lock_wait_seconds": 1.0})
    with take_build_lock(database, "a long build"):
        output = run_command(hasty, *shlex.split(daily), cwd=folder, expect=2)
        run_command(impatient(database), "dbt", "test", cwd=folder)
    assert "Waiting up to 1 s for another build to end: a long build" in " ".join(output.split())
    run_command(impatient(database), *shlex.split(daily), cwd=folder)


def test_a_target_that_is_not_production_waits_only_for_its_own(database: Settings, project: Projects) -> None:
    folder = project("coinloom")
    settings = folder / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("vars: {", "vars: {production_targets: [another], "))
    with take_build_lock(database, "production"):
        run_command(impatient(database), "dbt", "run", cwd=folder)
    with take_build_lock(database, "somebody else", lock=lock_of("small")):
        for command in ("run", "retry"):
            output = run_command(impatient(database), "dbt", command, cwd=folder, expect=2)
            assert "Another build is running: somebody else" in " ".join(output.split())


def test_parsing_needs_no_postgres_and_building_says_that_it_does(database: Settings, project: Projects) -> None:
    folder = project("coinloom")
    nowhere = database.model_copy(update={"postgres_port": free_port()})
    run_command(nowhere, "dbt", "parse", cwd=folder)
    output = run_command(nowhere, "dbt", "run", cwd=folder, expect=2)
    assert "Check POSTGRES_HOST, POSTGRES_PORT" in " ".join(output.split())
    assert "Traceback" not in output

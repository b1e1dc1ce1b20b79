"""Two builds never run into each other: a small dbt project of our name, run by two processes at once."""

import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, LiteralString

import pytest

from coinloom.processes import environment
from coinloom.settings import REPOSITORY, Settings, Target
from commands.build import DBT_PROJECT
from dbt_coinloom.turns import Turns
from serving.build_lock import BuildLockTaken, lock_of, take_build_lock
from stack.ports import free_port
from stack.with_postgres import temporary_postgres
from stores.database import DatabaseUnavailable, connect
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
DATA_TEST = "select 1 as wrong from (select pg_sleep({{ var('seconds') }}) as slept) as waited where slept is null"
WHOLE_HISTORY = ("dbt", "test", "--vars", "test_whole_history: true")

Projects = Callable[..., Path]


@pytest.fixture(scope="module")
def database() -> Iterator[Settings]:
    with temporary_postgres() as settings:
        yield settings.model_copy(update={"build_lock_wait_seconds": 60.0, "dbt_target": Target.POSTGRES})


@pytest.fixture
def project(tmp_path: Path) -> Projects:
    def write(name: str, seconds: int = 0) -> Path:
        folder = tmp_path / name
        (folder / "models").mkdir(parents=True)
        (folder / "tests").mkdir()
        variables = f"models: {{+materialized: table}}\nvars: {{seconds: {seconds}}}"
        variables += "\nflags: {send_anonymous_usage_stats: false}"
        (folder / "dbt_project.yml").write_text(f"name: {name}\nprofile: small\nversion: '1.0.0'\n{variables}\n")
        (folder / "profiles.yml").write_text(PROFILE)
        for model, query in MODELS.items():
            (folder / "models" / f"{model}.sql").write_text(query)
        (folder / "tests" / "nothing_is_wrong.sql").write_text(DATA_TEST)
        return folder

    return write


def running_build(settings: Settings, folder: Path, seconds: int) -> AbstractContextManager[Forked]:
    """In the middle of a model that takes so many seconds."""
    return running(settings, folder, "dbt", "run", "--select", "slow", "--vars", f"seconds: {seconds}")


@contextmanager
def running(settings: Settings, folder: Path, *command: str) -> Iterator[Forked]:
    """dbt while a statement of it sleeps; it holds the lock."""
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


def test_who_waits_while_its_session_is_ended_is_told(database: Settings) -> None:
    waits = Event()
    with take_build_lock(database, "a long build"), ThreadPoolExecutor() as threads, connect(database) as owner:
        waiting = threads.submit(take_build_lock, database, "a publish", lambda _: waits.set())
        assert waits.wait(10)
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'a publish, %'"
        )
        said = r"(?s)has broken off what .* terminating connection .*Is it running \(coinloom status\)"
        with pytest.raises(DatabaseUnavailable, match=said):
            waiting.result(10)


def test_a_process_that_outlives_its_build_holds_nothing(database: Settings, project: Projects) -> None:
    program = (
        "from coinloom.settings import read_settings; from serving.build_lock import take_build_lock;"
        "from dbt.cli.main import dbtRunner; assert dbtRunner().invoke(['run']).success;"
        "assert dbtRunner().invoke(['run']).success; take_build_lock(read_settings(), 'test').close();"
        f"assert dbtRunner().invoke({list(WHOLE_HISTORY[1:])}).success;"
        "take_build_lock(read_settings(), 'test').close()"
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
        run_command(impatient(database), "dbt", "test", cwd=folder)
        output = run_command(hasty, *shlex.split(daily), cwd=folder, expect=1)
        retried = run_command(impatient(database), "dbt", "retry", cwd=folder, expect=2)
    words = " ".join(output.split())
    assert "Waiting up to 1 s for another build to end: a long build" in words
    assert "PASS=0 WARN=0 ERROR=1" in words
    assert "Traceback" not in words
    for said in (words, " ".join(retried.split())):
        assert "Another build is running: a long build" in said
    assert "PASS=1" in run_command(impatient(database), "dbt", "retry", cwd=folder)
    assert "PASS=1" in run_command(impatient(database), *shlex.split(daily), cwd=folder)


def test_a_test_of_the_whole_history_holds_the_lock_and_is_not_believed_without(
    database: Settings, project: Projects
) -> None:
    patient = database.model_copy(update={"build_lock_wait_seconds": 5.0})
    with running(database, project("coinloom", seconds=5), *WHOLE_HISTORY) as tests:
        with pytest.raises(BuildLockTaken, match=f"dbt test, process {tests.pid} on "):
            take_build_lock(impatient(database), "a build")
        with connect(database) as connection:
            holders = "from pg_locks where locktype = 'advisory'"
            assert connection.execute(f"select pg_terminate_backend(pid) {holders}").fetchall() == [(True,)]
        take_build_lock(patient, "a build").close()
        assert tests.wait().returncode == 1
    words = " ".join(tests.stdout.split())
    assert "The build lock was lost while this test ran" in words
    assert "PASS=0 WARN=0 ERROR=1" in words


def test_a_build_comes_between_two_tests_of_the_whole_history(database: Settings) -> None:
    turns = Turns(partial(take_build_lock, database, "dbt test"), held_seconds=0)
    waits = Event()
    done = []

    def build() -> None:
        with take_build_lock(database, "a build", lambda _: waits.set()):
            done.append("build")

    with ThreadPoolExecutor() as threads:
        with turns.turn():
            threads.submit(build)
            assert waits.wait(10)
            done.append("first")
        with turns.turn():
            done.append("second")
        turns.let_go()
    assert done == ["first", "build", "second"]


def test_a_target_that_is_not_production_waits_only_for_its_own(database: Settings, project: Projects) -> None:
    folder = project("coinloom")
    settings = folder / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("vars: {", "vars: {production_targets: [another], "))
    with take_build_lock(database, "production"):
        run_command(impatient(database), "dbt", "run", cwd=folder)
        run_command(impatient(database), *WHOLE_HISTORY, cwd=folder)
    with take_build_lock(database, "somebody else", lock=lock_of("small")):
        for code, *command in ((2, "dbt", "run"), (2, "dbt", "retry"), (1, *WHOLE_HISTORY)):
            output = run_command(impatient(database), *command, cwd=folder, expect=code)
            assert "Another build is running: somebody else" in " ".join(output.split())


def test_parsing_needs_no_postgres_and_building_says_that_it_does(database: Settings, project: Projects) -> None:
    folder = project("coinloom")
    nowhere = database.model_copy(update={"postgres_port": free_port()})
    run_command(nowhere, "dbt", "parse", cwd=folder)
    output = run_command(nowhere, "dbt", "run", cwd=folder, expect=2)
    assert "Check POSTGRES_HOST, POSTGRES_PORT" in " ".join(output.split())
    assert "Traceback" not in output

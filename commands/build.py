"""Build and publish: `dbt build` as its users run it, then the marts to PostgreSQL; once or again and again."""

import logging
import threading
from dataclasses import dataclass
from functools import partial

from building.landed import landing_of
from building.loop import BuildLoop, Pace
from building.project_files import project_version
from building.worker_process import WorkerProcess
from coinloom.processes import Output, environment, executable, run
from coinloom.settings import REPOSITORY, Settings, Target
from serving.publish import publish
from serving.source import NothingToPublish
from stores.migrate import migrate

log = logging.getLogger("build")

DBT_PROJECT = REPOSITORY / "dbt_project"


def dbt(settings: Settings, *arguments: str, output: Output | None = None) -> None:
    """Run a dbt command on the settings' target.

    Its artifacts go to COINLOOM_HOME/dbt, so that it never runs into a dbt that somebody started by hand.

    Raises:
        CommandFailed: dbt did not exit with 0; its own output says which model or test.
    """
    run([executable("dbt"), *arguments], _environment_of_dbt(settings), cwd=DBT_PROJECT, output=output)


def build(settings: Settings, output: Output | None = None) -> None:
    """`dbt build` of every model, with the data tests that look at what it has rebuilt (selectors.yml)."""
    if settings.dbt_target is Target.POSTGRES:
        migrate(settings)
    dbt(settings, "build", "--selector", "build", output=output)


def build_and_publish(settings: Settings) -> None:
    """Build and, if no test failed and prices have landed, publish."""
    build(settings)
    try:
        publish(settings)
    except NothingToPublish as nothing:
        log.info("%s", nothing)


def build_when_something_lands(
    settings: Settings, shortest_seconds: float, *, with_publish: bool, stop: threading.Event
) -> None:
    """Build until `stop` is set, in a process that stays warm: see building/loop.py."""
    worker = WorkerProcess(_environment_of_dbt(settings), DBT_PROJECT, settings.build_timeout_seconds)
    pace = Pace(shortest_seconds, settings.build_longest_pause_seconds)
    builder = _Builder(worker, with_publish)
    try:
        BuildLoop(landing_of(settings), partial(project_version, DBT_PROJECT), builder, pace, stop).run()
    finally:
        worker.end()


@dataclass(frozen=True, slots=True)
class _Builder:
    worker: WorkerProcess
    with_publish: bool

    def build(self, stop: threading.Event) -> str:
        seconds = self.worker.build(stop, with_publish=self.with_publish)
        return ", ".join(f"{what} in {took:.1f} s" for what, took in seconds.items())


def _environment_of_dbt(settings: Settings) -> dict[str, str]:
    folder = settings.coinloom_home / "dbt"
    ours = {
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_LOG_FILE_MAX_BYTES": str(settings.log_file_bytes),
    }
    return environment(settings) | ours

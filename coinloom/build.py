"""Build and publish: `dbt build` as its users run it, then the marts to PostgreSQL; once, or again and again."""

import logging
import threading
import time

from coinloom.errors import CoinloomError
from coinloom.processes import Output, environment, executable, run
from coinloom.settings import REPOSITORY, Settings, Target
from serving.migrate import migrate
from serving.publish import publish

log = logging.getLogger("build")

DBT_PROJECT = REPOSITORY / "dbt_project"


def dbt(settings: Settings, *arguments: str, output: Output | None = None) -> None:
    """Run a dbt command on the settings' target.

    Its artifacts go to COINLOOM_HOME/dbt, so that it never runs into a dbt that somebody started by hand.

    Raises:
        CommandFailed: dbt did not exit with 0; its own output says which model or test.
    """
    folder = settings.coinloom_home / "dbt"
    ours = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    run([executable("dbt"), *arguments], environment(settings) | ours, cwd=DBT_PROJECT, output=output)


def build(settings: Settings, output: Output | None = None) -> None:
    """`dbt build`: every model and its data tests.

    dbt's unit tests try the SQL on made-up rows: they say nothing about today's data, and belong to development.
    """
    if settings.dbt_target is Target.POSTGRES:
        migrate(settings)
    _dbt_build(settings, output)


def build_and_publish(settings: Settings) -> None:
    """Build; on Spark, publish too: on PostgreSQL the build leaves the marts where readers find them."""
    migrate(settings)
    _dbt_build(settings)
    if settings.dbt_target is Target.SPARK:
        publish(settings)


def build_every(settings: Settings, seconds: float, *, with_publish: bool, stop: threading.Event) -> None:
    """Build at a steady cadence until `stop` is set; a failed build is logged, and the next one repairs it."""
    step = build_and_publish if with_publish else build
    while not stop.is_set():
        started = time.monotonic()
        try:
            step(settings)
            log.info("built in %.1f s", time.monotonic() - started)
        except CoinloomError as error:
            log.error("build failed, next try in at most %.0f s: %s", seconds, error)
        except Exception:  # the loop must outlive whatever one build runs into
            log.exception("build failed, next try in at most %.0f s", seconds)
        stop.wait(max(0.0, seconds - (time.monotonic() - started)))


def _dbt_build(settings: Settings, output: Output | None = None) -> None:
    dbt(settings, "build", "--exclude-resource-type", "unit_test", output=output)

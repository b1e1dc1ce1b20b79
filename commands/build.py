"""Build and publish: `dbt build` as its users run it, then the marts to PostgreSQL; once, or again and again."""

import logging
import threading
import time

from coinloom.errors import CoinloomError
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
    folder = settings.coinloom_home / "dbt"
    ours = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    run([executable("dbt"), *arguments], environment(settings) | ours, cwd=DBT_PROJECT, output=output)


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

"""Build and publish: `dbt build` as its users run it, then the marts to PostgreSQL; once, or again and again."""

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from coinloom.settings import REPOSITORY, Settings, Target
from serving.database import migrate
from serving.publish import publish

log = logging.getLogger("build")

DBT_PROJECT = REPOSITORY / "dbt_project"


class BuildFailed(Exception):
    """dbt ended with an error; its own output says which model or test."""


def dbt(settings: Settings, *arguments: str) -> None:
    """Run a dbt command on the settings' target, its output passed through.

    Raises:
        BuildFailed: dbt did not exit with 0.
    """
    command = [_dbt_executable(), *arguments]
    environment = dict(os.environ) | settings.as_environment()
    done = subprocess.run(command, cwd=DBT_PROJECT, env=environment, check=False)
    if done.returncode != 0:
        raise BuildFailed(f"'dbt {' '.join(arguments)}' failed on target {settings.dbt_target}; see its output above.")


def build(settings: Settings) -> None:
    """`dbt build`: every model and its tests."""
    if settings.dbt_target is Target.POSTGRES:
        migrate(settings)
    dbt(settings, "build")


def build_and_publish(settings: Settings) -> None:
    """Build; on Spark, publish too: on PostgreSQL the build leaves the marts where readers find them."""
    build(settings)
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
        except Exception as error:  # noqa: BLE001 the loop must outlive whatever one build runs into
            log.error("build failed, next try in at most %.0f s: %s", seconds, error)
        stop.wait(max(0.0, seconds - (time.monotonic() - started)))


def _dbt_executable() -> str:
    beside_python = Path(sys.executable).parent / "dbt"
    return str(beside_python) if beside_python.exists() else shutil.which("dbt") or "dbt"

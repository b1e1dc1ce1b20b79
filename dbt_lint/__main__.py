"""`python -m dbt_lint`: build the project on an empty PostgreSQL, and judge what dbt then knows of it."""

import json
import os
import re
import shutil
import subprocess
import sys

from coinloom.errors import CoinloomError
from coinloom.processes import environment, executable, run
from coinloom.settings import REPOSITORY
from dbt_lint.columns import undescribed, untested, without_columns, without_grain
from stack.with_postgres import temporary_postgres

PROJECT = REPOSITORY / "dbt_project"
ARTIFACTS = PROJECT / "target" / "lint"  # also in dbt-bouncer.yml


class LintFailed(CoinloomError):
    """A linter has found something, or nothing that it could have looked at."""


def main() -> None:
    make_artifacts()
    manifest, catalog = (json.loads((ARTIFACTS / f"{name}.json").read_text()) for name in ("manifest", "catalog"))
    _refuse("has no columns that could be looked at", without_columns(manifest, catalog))
    score()
    bounce()
    _refuse("is not described", undescribed(manifest, catalog, ARTIFACTS / "coverage"))
    _refuse("has no test well_formed", without_grain(manifest))
    _refuse("is never null and has no not_null test", untested(manifest, catalog, ARTIFACTS / "coverage"))


def make_artifacts() -> None:
    """What dbt writes of the project, and of its tables and views when they are empty."""
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    paths = {"DBT_TARGET_PATH": str(ARTIFACTS), "DBT_LOG_PATH": str(ARTIFACTS / "logs")}
    with temporary_postgres() as settings:
        for command in (["build"], ["docs", "generate", "--no-compile"]):
            dbt = [executable("dbt"), "--quiet", "--warn-error", *command, "--target", "postgres"]
            run(dbt, environment(settings) | paths, cwd=PROJECT)


def score() -> None:
    """dbt-score; its limits are in pyproject.toml."""
    manifest = str(ARTIFACTS / "manifest.json")
    command = [executable("dbt-score"), "lint", "--manifest", manifest, "--show", "failing-items"]
    run(command, os.environ, cwd=REPOSITORY)


def bounce() -> None:
    """dbt-bouncer; its checks are in dbt-bouncer.yml. One that breaks is a warning to it, and passes."""
    # What it has cached of its settings it reads back wrong, so that checks break.
    variables = os.environ | {"DBT_BOUNCER_DISABLE_CONF_CACHE": "1", "COLUMNS": "160"}
    command = [executable("dbt-bouncer"), "run", "--show-all-failures"]
    done = subprocess.run(command, env=variables, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    counts = re.search(r"SUCCESS=(\d+) WARN=(\d+) ERROR=(\d+)", done.stdout)
    if done.returncode or not counts or int(counts[1]) == 0 or int(counts[2]) > 0:
        raise LintFailed(done.stdout + done.stderr)
    print(f"dbt-bouncer: {counts[1]} checks")


def _refuse(what: str, found: list[str]) -> None:
    if found:
        raise LintFailed("\n".join(f"{name} {what}." for name in found))


if __name__ == "__main__":
    try:
        main()
    except CoinloomError as error:
        sys.exit(str(error))

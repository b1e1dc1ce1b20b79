"""Where and with what a measurement was made."""

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from coinloom.settings import read_settings
from stack.java import java_executable
from stack.postgres import BINARIES

PACKAGES = {
    "Spark": "pyspark",
    "dbt-core": "dbt-core",
    "dbt-spark": "dbt-spark",
    "dbt-postgres": "dbt-postgres",
    "DuckDB": "duckdb",
    "polars": "polars",
}


def origin(module: str) -> str:
    """One paragraph in Markdown: date, the module's command, machine, versions."""
    command = shlex.join(["python", "-m", module, *sys.argv[1:]])
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} {platform.release()}"
    versions = ", ".join(f"{name} {number}" for name, number in _versions().items())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, `{command}`. {machine}; "
        f"the Thrift Server with {read_settings().spark_driver_memory} of heap. {versions}."
    )


def _versions() -> dict[str, str]:
    postgres = _first_line([str(BINARIES / "postgres"), "--version"]).split()[-1]
    java = _first_line([java_executable(), "--version"]).split()[1]
    packages = {name: version(package) for name, package in PACKAGES.items()}
    return packages | {"PostgreSQL": postgres, "Java": java, "Python": platform.python_version()}


def _first_line(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]

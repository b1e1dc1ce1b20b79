"""The processes that build again and again for a test."""

from pathlib import Path

import psutil

from building.worker_process import WorkerProcess
from coinloom.processes import environment
from tests.warehouse.warehouse import Warehouse


def worker_of(warehouse: Warehouse, project: Path, home: Path, timeout_seconds: float) -> WorkerProcess:
    """One that builds this project, and has what dbt writes in `home`."""
    ours = {"DBT_TARGET_PATH": str(home / "target"), "DBT_LOG_PATH": str(home / "logs")}
    return WorkerProcess(environment(warehouse.settings) | ours, project, timeout_seconds)


def worker_processes() -> list[psutil.Process]:
    return [process for process in psutil.Process().children() if "building.worker" in process.cmdline()]

"""The files that a dbt project is parsed from."""

import os
from collections.abc import Iterator
from pathlib import Path

PARSED = {".sql", ".yml", ".yaml", ".md", ".csv", ".py"}
WRITTEN_BY_DBT = {"target", "logs", "dbt_packages"}

ProjectVersion = frozenset[tuple[str, int, int]]
"""Of each file: path, time of its last change in nanoseconds, size in bytes."""


def project_version(project: Path) -> ProjectVersion:
    """It differs when a file is new, gone or written anew. One that vanishes meanwhile is left out."""
    return frozenset(_files(str(project)))


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir() and entry.name not in WRITTEN_BY_DBT:
                    yield from _files(entry.path)
                elif Path(entry.name).suffix in PARSED:
                    status = entry.stat()
                    yield entry.path, status.st_mtime_ns, status.st_size
    except FileNotFoundError:
        return

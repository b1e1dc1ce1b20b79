"""Prometheus and its tool, from Debian's package; tests that need them say so where they are missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from coinloom.settings import REPOSITORY
from stack.ports import free_port

FOLDER = REPOSITORY / "monitoring" / "prometheus"
MISSING = "there is no {} here: apt-get install prometheus"


def program(name: str) -> str:
    """Where prometheus or promtool is; a test that needs it is skipped where it is not, and fails where CI runs."""
    found = shutil.which(name)
    if found is None:
        missing = MISSING.format(name)
        pytest.fail(missing) if os.environ.get("GITHUB_ACTIONS") else pytest.skip(missing)
    return found


class Prometheus:
    """One that runs, and answers queries."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of now. Raises HTTPError for an expression that is none, ConnectionError before it is up."""
        answer = requests.get(f"{self._url}/query", {"query": expression}, timeout=10)
        answer.raise_for_status()
        samples: list[dict[str, Any]] = answer.json()["data"]["result"]
        return samples

    def rules(self) -> list[dict[str, Any]]:
        groups = requests.get(f"{self._url}/rules", timeout=10).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@contextmanager
def running_prometheus(home: Path, target_port: int) -> Iterator[Prometheus]:
    """With our own configuration, but for a scrape every second of what listens on this port."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(FOLDER / "alerts.yml")]
    config["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{target_port}"]}]
    (home / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    options = [
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (
        (home / "prometheus.log").open("w") as log,
        subprocess.Popen([program("prometheus"), *options], stdout=log, stderr=log) as process,
    ):
        try:
            yield Prometheus(port)
        finally:
            process.terminate()

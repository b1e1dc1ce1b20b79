"""The commands of the README run as they are written there."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from coinloom.settings import REPOSITORY, Settings, Sink, Target
from stack import lifecycle
from stack.ports import free_port
from tests.commands import run_command
from tests.forks import Forked
from tests.stacks import own_settings, supervised_processes

README = (REPOSITORY / "README.md").read_text()
PRICES = "coin_id,last_updated_at,price\nbitcoin,2021-05-13T23:58:00Z,49700.5\nbitcoin,2021-05-13T23:59:00Z,49800\n"

# Asks once a second for five minutes; by itself curl would wait twice as long each time.
ANSWERS = "curl --silent --fail --retry 300 --retry-delay 1 --retry-connrefused --output /dev/null"

# On a busy machine minutes pass between the poll and `coinloom check`.
PATIENT = ("warning_after_seconds", "critical_after_seconds")

# Commands of the README that this file does not run, and who does.
RUN_ELSEWHERE = {
    "make demo": "test_the_demo_runs_shows_its_dashboard_and_leaves_nothing",
    "make test": "this run",
    "make up": "test_up_and_down.py: `coinloom up`",
    "make status": "test_up_and_down.py: `coinloom status`",
    "make top": "tests/dashboard/test_top.py: `coinloom top`",
    "make down": "test_up_and_down.py: `coinloom down`",
}


def commands(heading: str) -> list[str]:
    """The shell commands under a heading of the README, without their comments."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = "".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL)).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Settings]:
    """A stack of its own on the light target, beside a running simulator."""
    settings = own_settings(tmp_path / "home").model_copy(
        update={"dbt_target": Target.POSTGRES, "landing_sinks": [Sink.POSTGRES]} | dict.fromkeys(PATIENT, 3600.0)
    )
    arguments = ["--port", str(settings.simulator_port), "--coins", "60"]
    with subprocess.Popen([sys.executable, "-m", "simulator", *arguments], cwd=REPOSITORY) as simulator:
        yield settings
        simulator.terminate()
    lifecycle.stop(settings)


@pytest.mark.timeout(1800)  # some thirty commands, each a start of Python or of Java
def test_the_steps_and_the_plain_tools(checkout: Settings, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(PRICES)
    (tmp_path / ".env").write_text("COINGECKO_IDS=bitcoin, ethereum\n")
    docs_port = free_port()
    adapted = {
        # The stack of this test has passwords of its own, in the environment, and nobody would leave that shell.
        "dotenv run --no-override -- bash": f"dotenv --file {tmp_path}/.env run --no-override -- true",
        "coinloom load prices.csv.gz": f"gzip -k {tmp_path}/prices.csv && coinloom load {tmp_path}/prices.csv.gz",
        # The simulator has a year, as CoinGecko's plan without a key, and some day that date lies before it.
        "coinloom backfill --ids bitcoin --from 2026-01-01": (
            'coinloom backfill --ids bitcoin --from "$(date -u -d "2 days ago" +%F)"'
        ),
        "coinloom down": "true",
        "coinloom dashboard": (
            f"{{ coinloom dashboard & {ANSWERS} http://127.0.0.1:{checkout.dashboard_port}/; "
            "code=$?; kill $!; [ $code = 0 ]; }"
        ),
        "coinloom monitor": (
            f"{{ coinloom monitor & {ANSWERS} http://127.0.0.1:{checkout.monitor_port}/metrics; "
            "code=$?; kill $!; [ $code = 0 ]; }"
        ),
        "sqlfluff lint models": "sqlfluff lint models/marts/ohlc_1h.sql",  # `make lint` looks at all
        "dbt docs generate && dbt docs serve": (
            f"dbt docs generate && {{ dbt docs serve --host 127.0.0.1 --port {docs_port} --no-browser & "
            f"{ANSWERS} http://127.0.0.1:{docs_port}/; "
            "code=$?; kill $!; [ $code = 0 ]; }"
        ),
    }
    steps = commands("Step by step")
    assert len(steps) >= 12
    assert set(adapted) <= set(steps), "the README no longer has these commands"
    script = "\n".join(["set -euxo pipefail", *(adapted.get(step, step) for step in steps)])
    output = run_command(checkout, "bash", "-c", script)
    assert "ERROR=0" in output
    assert "All Finished!" in output
    run_command(checkout, "coinloom", "down")
    assert supervised_processes(checkout.coinloom_home) == []


def test_every_other_command_is_run_somewhere() -> None:
    everywhere = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    written = {line.split("  #")[0].strip() for block in everywhere for line in block.splitlines() if line.strip()}
    assert written - set(commands("Step by step")) == set(RUN_ELSEWHERE)


def test_the_demo_runs_shows_its_dashboard_and_leaves_nothing(tmp_path: Path) -> None:
    variables = dict(os.environ) | own_settings(tmp_path).as_environment()
    command = ["coinloom", "demo", "--hours", "1", "--target", "postgres", "--keep"]
    demo = Forked(command, variables, REPOSITORY, tmp_path / "demo.txt")
    assert demo.pid is not None
    for line in demo.lines():
        if address := re.search(r"http://[\d.:]+", line):
            shown = requests.get(address[0], timeout=30)
            os.kill(demo.pid, signal.SIGINT)
    assert (demo.wait().returncode, shown.status_code) == (0, 200), demo.stdout
    for expected in ("marts.top_5_gainers", "marts.top_5_losers", "marts.crypto_table", "rows in quarantine"):
        assert expected in demo.stdout
    assert supervised_processes(tmp_path / "demo") == []

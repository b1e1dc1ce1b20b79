"""A short run of what `make chaos` does at length: kills at random, and no difference in the end."""

import subprocess
import sys

from coinloom.settings import REPOSITORY


def test_a_few_kills_lose_nothing_and_double_nothing() -> None:
    command = [sys.executable, "-m", "chaos", "--kills", "8", "--seed", "5", "--target", "postgres"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    assert "8 kills, no difference." in done.stdout

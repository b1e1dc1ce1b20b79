"""A short run of what `make chaos` does at length: kills at random, and no difference in the end."""

import subprocess
import sys

import pytest

from coinloom.settings import REPOSITORY, Target

# With this seed each part is hit once.
PARTS, SEED = ("build", "kafka", "maintain", "poller", "postgres", "stream"), 2143


def test_a_kill_of_each_part_loses_nothing_and_doubles_nothing() -> None:
    printed = chaos("--kills", str(len(PARTS)), "--seed", str(SEED), "--target", "postgres")
    assert all(f"kills of {part}" in printed for part in PARTS)
    assert f"{len(PARTS)} kills, no difference." in printed


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("target", Target)
def test_many_kills_lose_nothing_and_double_nothing(target: Target) -> None:
    assert "30 kills, no difference." in chaos("--kills", "30", "--target", target, "--longest-pause", "20")


def chaos(*options: str) -> str:
    command = [sys.executable, "-m", "chaos", *options]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout

"""The project's commands as its users run them."""

import os
import subprocess
import tempfile
from pathlib import Path

from coinloom.processes import executable
from coinloom.settings import REPOSITORY, Settings
from commands.build import DBT_PROJECT
from tests.forks import COMMANDS, Forked


def run_command(settings: Settings, *command: str, cwd: Path = REPOSITORY, expect: int = 0) -> str:
    """Run a command with these settings to its end; returns what it printed, errors included.

    Our own commands are forked (forks.py), others are found beside this Python or on the PATH.
    """
    variables = dict(os.environ) | settings.as_environment()
    variables["PATH"] = f"{Path(executable('coinloom')).parent}:{variables['PATH']}"
    if command[0] in COMMANDS:
        with tempfile.TemporaryDirectory() as folder:
            done = Forked(command, variables, cwd, Path(folder, "printed.txt")).wait()
            code, printed = done.returncode, done.stdout
    else:
        plain = subprocess.run(
            command, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        code, printed = plain.returncode, plain.stdout
    assert code == expect, f"{' '.join(command)} ended with {code}:\n{printed[-6000:]}"
    return printed


def run_dbt(settings: Settings, artifacts: Path, *arguments: str) -> str:
    """Run dbt without any wrapper, what it writes going to `artifacts`; returns what it printed."""
    paths = ["--target-path", str(artifacts), "--log-path", str(artifacts)]
    return run_command(settings, "dbt", *arguments, *paths, cwd=DBT_PROJECT)

"""Child processes: the commands of this environment, run to their end with their output shown or kept."""

import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from coinloom.errors import CoinloomError
from coinloom.settings import Settings

TAIL_LINES = 30


class CommandFailed(CoinloomError):
    """A command ended with an error."""


@dataclass(frozen=True, slots=True)
class Output:
    """Keeps a command's output in a file and hands each line on while it comes."""

    log: Path
    on_line: Callable[[str], None]


def executable(name: str) -> str:
    """Path of a command that this environment installed, as `coinloom`, `dbt` or `spark-submit`."""
    beside_python = Path(sys.executable).parent / name
    return str(beside_python) if beside_python.exists() else shutil.which(name) or name


def environment(settings: Settings) -> dict[str, str]:
    """Ours and the settings, for a child process; holds secrets. Spark gets this Python and, if local, the loopback."""
    values = dict(os.environ) | settings.as_environment() | {"PYSPARK_PYTHON": sys.executable}
    if not settings.spark_local_ip and settings.spark_master.startswith("local"):
        values["SPARK_LOCAL_IP"] = "127.0.0.1"
    elif not settings.spark_local_ip:
        del values["SPARK_LOCAL_IP"]  # which Spark would take for the loopback if it were empty
    return values


def run(command: list[str], variables: Mapping[str, str], cwd: Path, output: Output | None = None) -> None:
    """Run a command to its end; without `output`, what it prints goes where ours goes.

    Raises:
        CommandFailed: it did not exit with 0; with `output`, carries the end of what it printed.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    out, err = (subprocess.PIPE, subprocess.STDOUT) if output else (None, None)
    with subprocess.Popen(
        command, env=variables, cwd=cwd, stdout=out, stderr=err, text=True, errors="replace"
    ) as process:
        try:
            if output and process.stdout:
                _keep(process.stdout, output, tail)
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code != 0:
        name = " ".join([Path(command[0]).name, *command[1:]])
        raise CommandFailed("\n".join([*tail, f"'{name}' ended with exit code {code}."]))


def _keep(lines: IO[str], output: Output, tail: deque[str]) -> None:
    output.log.parent.mkdir(parents=True, exist_ok=True)
    with output.log.open("a", encoding="utf-8") as log:
        for line in lines:
            log.write(line)
            tail.append(line.rstrip())
            output.on_line(line.rstrip())

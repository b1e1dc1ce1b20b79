"""Our commands, each as a process of its own that need not import anything: forked from one that has, and waits.

`dbt` spends three seconds on imports, `coinloom` one and a half. Everything after them is what the command does. That
the plain commands do the same is tested where they are run by a shell: test_readme.py, test_up_and_down.py.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import sleep

COMMANDS = ("coinloom", "dbt")
IMPORTED_BEFORE = (
    *("dbt.cli.main", "dbt.task.retry", "dbt.adapters.postgres", "dbt.adapters.spark", "dbt_coinloom"),
    *("commands.cli", "commands.build", "commands.check", "commands.status", "commands.quarantine"),
    *("commands.backfill", "commands.load", "commands.top.live", "commands.top.once"),
    *("ingestion.polling.run", "serving.publish", "stack.lifecycle", "pytest"),
)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(list(IMPORTED_BEFORE))


class Forked:
    """A command that has begun; what it prints goes to a file."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], folder: Path, output: Path) -> None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(b"")
        self._output = output
        self._process = FORKS.Process(target=_run, args=(list(command), dict(variables), folder, output))
        self._process.start()

    def wait(self) -> "Forked":
        self._process.join()
        return self

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return not self._process.is_alive()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    @property
    def stdout(self) -> str:
        """What it has printed so far, errors included."""
        return self._output.read_text(encoding="utf-8")

    def lines(self) -> Iterator[str]:
        """What it prints, line by line, until it ends."""
        with self._output.open(encoding="utf-8") as file:
            while True:
                has_ended = self.has_ended
                yield from iter(file.readline, "")
                if has_ended:
                    return
                sleep(0.05)


def _run(command: list[str], variables: dict[str, str], folder: Path, output: Path) -> None:
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    to_file = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(to_file, 1)
    os.dup2(to_file, 2)
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115  it lives as long as we
    sys.argv = command
    # Only what is forked needs them, and by now they are imported.
    if command[0] == "dbt":
        from dbt.cli.main import cli  # noqa: PLC0415

        cli()
    else:
        from commands.cli import app  # noqa: PLC0415

        app()

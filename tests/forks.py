"""Our commands, without what each would spend on imports and on code that Python makes when it is first needed.

`Forked` is a process of its own, forked from one that has imported everything and waits: `dbt` saves three seconds,
`coinloom` one and a half. `kept_dbt` runs dbt's commands one after another in a process that stays: each costs half of
what a forked one does. That the plain commands do the same is tested where a shell runs them: test_readme.py,
test_up_and_down.py.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
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
        _empty(output)
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


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended, and what it printed."""

    returncode: int
    stdout: str


class KeptDbt:
    """Runs dbt's commands one after another, as `dbtRunner` allows; a process that has ended is followed by another."""

    def __init__(self) -> None:
        self._connection, its_end = FORKS.Pipe()
        self._process = FORKS.Process(target=_run_dbt, args=(its_end,), daemon=True)
        self._process.start()
        its_end.close()

    def run(self, arguments: Sequence[str], variables: Mapping[str, str], folder: Path, output: Path) -> Done:
        _empty(output)
        self._connection.send((list(arguments), dict(variables), folder, output))
        try:
            code = self._connection.recv()
        except EOFError:
            kept_dbt.cache_clear()
            self._process.join()
            code = self._process.exitcode
        return Done(code, output.read_text(encoding="utf-8"))


@cache
def kept_dbt() -> KeptDbt:
    return KeptDbt()


def _run_dbt(requests: Connection) -> None:
    """Until nobody can ask any more. The codes are those of the command: dbt.cli.exceptions."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    while True:
        try:
            arguments, variables, folder, output = requests.recv()
        except EOFError:
            return
        _begin(variables, folder, output)
        done = dbtRunner().invoke(arguments)
        sys.stdout.flush()
        requests.send(0 if done.success else 1 if done.exception is None else 2)


def _run(command: list[str], variables: dict[str, str], folder: Path, output: Path) -> None:
    _begin(variables, folder, output)
    sys.argv = command
    # Only what is forked needs them, and by now they are imported.
    if command[0] == "dbt":
        from dbt.cli.main import cli  # noqa: PLC0415

        cli()
    else:
        from commands.cli import app  # noqa: PLC0415

        app()


def _begin(variables: dict[str, str], folder: Path, output: Path) -> None:
    """As a process that was started so; what it prints goes to the end of a file."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    to_file = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(to_file, 1)
    os.dup2(to_file, 2)
    os.close(to_file)
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115  it lives as long as we


def _empty(output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(b"")

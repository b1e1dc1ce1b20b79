"""PostgreSQL is found and ended also where its environment is not to be seen, by what its command line says."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from coinloom.settings import REPOSITORY, Settings
from stack import postgres
from stack.nobody import become_nobody
from stack.owner import MARKS
from stack.supervisor import Supervisor
from tests.containers import DOCKERS, DOCKERS_SET, root_with

OWNERS = "outer-1 inner-2"
OPTION = "coinloom.owned_by"
FIND = "import json; from stack.marked import marked; print(json.dumps([(p.pid, v) for p, v in marked({!r})]))"

Start = Callable[..., psutil.Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a shell by the name of PostgreSQL, with a child; what begins its command line, and what ends it."""
    program = tmp_path / "postgres"
    program.symlink_to(shutil.which("sh") or "sh")
    with ExitStack() as started:

        def start(before: list[str], data: Path, *options: str, **variables: str) -> psutil.Process:
            command = [*before, str(program), "-c", "sleep 600 & echo there; wait", "-", "-D", str(data), *options]
            ours = os.environ | variables
            process = subprocess.Popen(command, env=ours, stdout=subprocess.PIPE, text=True, start_new_session=True)
            started.enter_context(process)
            started.callback(kill, process.pid)
            assert process.stdout
            assert process.stdout.readline() == "there\n"
            return psutil.Process(process.pid)

        yield start


def kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def test_a_server_is_swept_by_its_data_folder_and_no_other_is(start: Start, tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    server = start([], home / "postgres" / "data")
    other = start([], elsewhere / "postgres" / "data")
    with_child = [server, *server.children()]
    assert len(with_child) == 2
    Supervisor(Settings(coinloom_home=home)).sweep()
    assert [process for process in with_child if process.is_running()] == []
    assert (other.is_running(), other.status() != psutil.STATUS_ZOMBIE) == (True, True)


def test_a_mark_is_seen_in_the_command_line_where_the_environment_is_not(start: Start, tmp_path: Path) -> None:
    container = root_with(*DOCKERS)
    before, marks = [*container, *become_nobody(DOCKERS_SET)], {MARKS: OWNERS}
    server = start(before, tmp_path / "data", "-c", f"{OPTION}={OWNERS}", **marks)
    unseen = start(before, tmp_path / "other", **marks)
    find = [*container, sys.executable, "-c", FIND.format(MARKS)]
    found = dict(json.loads(subprocess.run(find, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout))
    ours = {process.pid for process in (server, *server.children())}
    assert len(ours) == 2
    assert {pid for pid, value in found.items() if value == OWNERS} == ours
    assert unseen.environ()[MARKS] == OWNERS


def test_postgresql_takes_the_mark_as_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MARKS, OWNERS)
    settings = Settings(coinloom_home=tmp_path, postgres_password=SecretStr("open-sesame"))
    postgres.prepare(settings)
    show = [*postgres.command(settings), "-C", OPTION]  # which starts no server
    assert subprocess.run(show, stdout=subprocess.PIPE, text=True, check=True).stdout == f"{OWNERS}\n"

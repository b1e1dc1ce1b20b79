"""One demo at a time has its folder."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coinloom.settings import REPOSITORY
from commands.cli import app

HOLDS_THE_LOCK = """
import sys
from pathlib import Path
from coinloom.alone import alone
from coinloom.errors import CoinloomError
with alone(Path(sys.argv[1]), CoinloomError()):
    print("there", flush=True)
    sys.stdin.read()
"""


def test_a_second_demo_leaves_the_first_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINLOOM_HOME", str(tmp_path))
    monkeypatch.setenv("DBT_TARGET", "postgres")
    of_the_first = tmp_path / "demo" / "answers"
    of_the_first.parent.mkdir()
    of_the_first.touch()
    command = [sys.executable, "-c", HOLDS_THE_LOCK, str(tmp_path / "demo.lock")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout
        assert first.stdout.readline() == b"there\n"
        monkeypatch.setenv("PATH", "")  # no server starts, for want of Java
        monkeypatch.delenv("JAVA_HOME", raising=False)
        second = CliRunner().invoke(app, ["demo"])
        first.kill()
    assert second.exit_code == 1
    assert "Another demo runs; let it end." in second.stderr
    assert of_the_first.exists()

"""What is missing on a machine is named, with the way to install it."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from coinloom.errors import WrongSetting
from coinloom.settings import REPOSITORY, Settings, Sink, Target, read_settings
from stack.environment_file import GENERATED, ensure_env_file
from stack.errors import StackError
from stack.java import java_executable
from stack.ports import require_free

CHECK = REPOSITORY / "stack" / "check-prerequisites.sh"


def program(folder: Path, name: str, *lines: str) -> Path:
    """A little shell script that stands for a program of a certain version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def check(python: str, java_home: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"]} | ({"JAVA_HOME": str(java_home)} if java_home else {})
    command = ["/bin/sh", str(CHECK), python]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_machine_that_has_everything_passes_in_silence() -> None:
    done = check("python3", java_home=None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_old_python_and_an_old_java_are_both_named(tmp_path: Path) -> None:
    python = program(tmp_path, "python3.8", 'case "$1" in -V) echo Python 3.8.1 ;; *) exit 1 ;; esac')
    program(tmp_path / "bin", "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    done = check(str(python), java_home=tmp_path)
    assert done.returncode == 1
    assert "Python 3.8.1" in done.stderr
    assert "python3.11-venv" in done.stderr
    assert "version 11" in done.stderr
    assert "openjdk-17" in done.stderr


def test_no_python_and_no_java_are_both_named(tmp_path: Path) -> None:
    done = check("no-such-python", java_home=tmp_path)
    assert done.returncode == 1
    assert "no-such-python was not found" in done.stderr
    assert "Java was not found" in done.stderr


def test_the_command_names_an_old_java_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "java", "echo 'openjdk version \"1.8.0_292\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(StackError, match=r"too old: it says openjdk version \"1\.8\.0_292\".*OpenJDK 17"):
        java_executable()


def test_env_is_written_once_with_new_passwords_for_its_owner_only(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert ensure_env_file(first)
    assert not ensure_env_file(first)
    assert ensure_env_file(second)
    assert first.stat().st_mode & 0o777 == 0o600
    values = [
        dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line) for file in (first, second)
    ]
    passwords = [value[name] for value in values for name in GENERATED]
    assert all(len(password) >= 20 for password in passwords)
    assert len(set(passwords)) == 4


def test_every_setting_of_the_example_is_a_setting() -> None:
    names = [line.split("=")[0] for line in (REPOSITORY / ".env.example").read_text().splitlines() if "=" in line]
    assert len(names) > 10
    assert {name.lower() for name in names if not name.startswith("#")} <= set(Settings.model_fields)


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StackError, match="set POSTGRES_PORT"):
            require_free("127.0.0.1", taken.getsockname()[1], "POSTGRES_PORT")


def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PORT", "not-a-port")
    with pytest.raises(WrongSetting, match="POSTGRES_PORT") as raised:
        read_settings()
    assert "not-a-port" not in str(raised.value)


def test_the_stream_lands_where_dbt_reads_unless_told_otherwise() -> None:
    assert read_settings(dbt_target=Target.SPARK, landing_sinks=[]).sinks == [Sink.PARQUET]
    assert read_settings(dbt_target=Target.POSTGRES, landing_sinks=[]).sinks == [Sink.POSTGRES]
    assert read_settings(landing_sinks="parquet, postgres").sinks == [Sink.PARQUET, Sink.POSTGRES]


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = read_settings(postgres_password="open-sesame")
    assert "open-sesame" not in repr(settings)
    assert settings.as_environment()["POSTGRES_PASSWORD"] == "open-sesame"

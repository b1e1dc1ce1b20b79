"""What is missing on a machine is named, with the way to install it."""

import os
import shutil
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest

from coinloom.errors import WrongSetting
from coinloom.processes import executable
from coinloom.settings import REPOSITORY, KafkaProtocol, PostgresTls, Settings, Sink, Target, read_settings
from stack import kafka, postgres
from stack.environment_file import GENERATED, ensure_env_file
from stack.errors import StackError
from stack.isolation import isolated_settings
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


def check(python: str, java_home: Path | None, *, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The check's answer; with `path`, on a machine that has these programs and no others but the shell's own."""
    environment = {"PATH": str(path) if path else os.environ["PATH"]}
    environment |= {"JAVA_HOME": str(java_home)} if java_home else {}
    command = ["/bin/sh", str(CHECK), python]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def machine(folder: Path, python: str) -> Path:
    """A folder for the PATH: Java 17, what the check is written with, and `python3`, a script that begins so."""
    for name in ("sed", "head", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or name)
    program(folder, "java", "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2")
    program(folder, "python3", python)
    return folder


def answers(name: str, *, is_fitting: bool, can_hold_uv: bool) -> str:
    """A line of shell that answers the questions of the check as a Python would."""
    cases = {
        "-V": f"echo {name}",
        "*ensurepip*3,*8*": f"exit {int(not can_hold_uv)}",
        "*": f"exit {int(not is_fitting)}",
    }
    return 'case "$*" in ' + " ".join(f"{pattern}) {answer} ;;" for pattern, answer in cases.items()) + " esac"


def test_a_machine_that_has_everything_passes_in_silence() -> None:
    done = check("python3", java_home=None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_versions_are_those_of_pyproject() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    done = check("no-such-python", None)
    assert project["requires-python"] == ">=3.11,<3.14"
    assert "needs Python 3.11 to 3.13." in done.stderr


OLD = answers("Python 3.10.13", is_fitting=False, can_hold_uv=True)


def test_another_python_of_the_machine_is_named_as_the_way_out(tmp_path: Path) -> None:
    path = machine(tmp_path, OLD)
    program(path, "python3.11", "exit 127  # as a launcher does that knows the name and has no such version")
    program(path, "python3.12", answers("Python 3.12.1", is_fitting=True, can_hold_uv=True))
    done = check("python3", None, path=path)
    assert done.returncode == 1
    assert "python3 is Python 3.10.13" in done.stderr
    assert "run 'make PYTHON=python3.12 ...'" in done.stderr


def test_a_machine_that_has_uv_is_told_how_uv_brings_a_python(tmp_path: Path) -> None:
    path = machine(tmp_path, OLD)
    program(path, "uv", "exit 0")
    done = check("python3", None, path=path)
    assert """Run 'uv python install 3.11', then 'make PYTHON="$(uv python find 3.11)" ...'.""" in done.stderr


def test_a_machine_that_has_neither_is_sent_to_make_python(tmp_path: Path) -> None:
    path = machine(tmp_path, OLD)
    assert "Run 'make python', which" in check("python3", None, path=path).stderr
    program(path, "python3.10", OLD)
    assert "Run 'make python PYTHON=python3.10', which" in check("python3.10", None, path=path).stderr


def test_a_python_that_cannot_hold_uv_leaves_the_packages_of_the_system(tmp_path: Path) -> None:
    path = machine(tmp_path, answers("Python 3.6.15", is_fitting=False, can_hold_uv=False))
    assert "sudo apt-get install python3.11 python3.11-venv" in check("python3", None, path=path).stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile, in which uv has been installed: a script that knows of one Python, if of any."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "stack/check-prerequisites.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    return tmp_path


def make(checkout: Path, *arguments: str) -> str:
    command = ["make", "--no-print-directory", *arguments]
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_make_python_keeps_what_uv_finds_for_all_other_targets(checkout: Path) -> None:
    program(checkout / ".tools/uv/bin", "uv", 'echo "$@" >>asked', "echo /opt/the-other/python3")
    assert "python3 -m venv --without-pip" in make(checkout, "-n", ".venv/.installed")
    assert "Coinloom's Python is /opt/the-other/python3" in make(checkout, "python")
    assert (checkout / "asked").read_text() == "python find --system >=3.11,<3.14\n"
    assert "/opt/the-other/python3 -m venv --without-pip" in make(checkout, "-n", ".venv/.installed")
    assert "/mine/python3 -m venv --without-pip" in make(checkout, "-n", ".venv/.installed", "PYTHON=/mine/python3")


def test_make_python_has_uv_fetch_one_if_there_is_none(checkout: Path) -> None:
    fetched = (
        'case "$*" in *--system*) exit 2 ;; *install*) echo "in $UV_PYTHON_INSTALL_DIR" >&2 ;; *) echo /new ;; esac'
    )
    program(checkout / ".tools/uv/bin", "uv", fetched)
    printed = make(checkout, "python")
    assert f"in {checkout}/.tools/pythons" in printed
    assert "Coinloom's Python is /new" in printed


def test_make_python_that_finds_none_leaves_nothing_behind(checkout: Path) -> None:
    program(checkout / ".tools/uv/bin", "uv", "echo 'no network' >&2", "exit 2")
    assert "no network" in make(checkout, "python")
    assert not (checkout / ".tools/python").exists()


@pytest.fixture
def installed(checkout: Path) -> Path:
    """The same, where the environment has been made: it has dotenv, and what a test puts there."""
    program(checkout / ".venv/bin", "coinloom", "exit 0")
    (checkout / ".venv/bin/dotenv").symlink_to(executable("dotenv"))
    program(checkout / ".tools/uv/bin", "uv", 'printf "%s|" "$VIRTUAL_ENV" "$@" >asked')
    for stamp in (".installed", ".installed-dev"):
        (checkout / ".venv" / stamp).touch()
    return checkout


def test_make_add_installs_into_the_environment_within_the_lock(installed: Path) -> None:
    packages = ["pyspark[connect]", "astronomer-cosmos>=1.15,<1.16"]
    assert make(installed, "add", f"PACKAGES={' '.join(packages)}") == ""
    command = ["pip", "install", "--constraint", "requirements.lock", *packages]
    assert (installed / "asked").read_text().split("|")[:-1] == [f"{installed}/.venv", *command]


def test_make_add_without_packages_says_how(installed: Path) -> None:
    assert 'make add PACKAGES="botocore"' in make(installed, "add")
    assert not (installed / "asked").exists()


@pytest.fixture
def airflow(installed: Path) -> Path:
    """The same, where Airflow is a program that shows its environment."""
    (installed / "airflow").mkdir()
    shutil.copy(REPOSITORY / "airflow" / "standalone.sh", installed / "airflow")
    program(installed / ".venv/bin", "airflow", "env")
    return installed


def test_make_airflow_reads_what_our_settings_read(airflow: Path) -> None:
    (airflow / ".env").write_text(
        "COINGECKO_IDS=bitcoin, ethereum\nCRYPTO_DAG_SCHEDULE=*/9 * * * *\nPATH=/nowhere\nAIRFLOW__API__PORT=8099\n"
    )
    said = make(airflow, "airflow").splitlines()
    assert {"COINGECKO_IDS=bitcoin, ethereum", "CRYPTO_DAG_SCHEDULE=*/9 * * * *"} <= set(said)
    assert "AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:8099/execution/" in said
    assert f"PATH={airflow}/.venv/bin:{os.environ['PATH']}" in said  # what is set already stays, as with our settings


@pytest.mark.parametrize("written", [None, "COINGECKO_IDS=bitcoin, ethereum\n"])
def test_make_docs_needs_no_env_file(installed: Path, written: str | None) -> None:
    (installed / "dbt_project").mkdir()
    program(installed / ".venv/bin", "dbt", 'echo "$* of ${COINGECKO_IDS:-all}"')
    if written:
        (installed / ".env").write_text(written)
    of = written.partition("=")[2].strip() if written else "all"
    assert make(installed, "docs", "ARGS=--target postgres").splitlines() == [
        f"docs generate --target postgres of {of}",
        f"docs serve --host 127.0.0.1 --port 8081 of {of}",
    ]


def test_make_airflow_reads_the_env_file_that_setup_has_just_written(airflow: Path) -> None:
    program(airflow / ".venv/bin", "coinloom", "echo POSTGRES_PASSWORD=new >.env")
    assert "POSTGRES_PASSWORD=new" in make(airflow, "airflow").splitlines()


def test_an_old_python_and_an_old_java_are_both_named(tmp_path: Path) -> None:
    python = program(tmp_path, "python3.8", 'case "$1" in -V) echo Python 3.8.1 ;; *) exit 1 ;; esac')
    program(tmp_path / "bin", "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    done = check(str(python), java_home=tmp_path)
    assert done.returncode == 1
    assert "Python 3.8.1" in done.stderr
    assert "needs Python 3.11 to 3.13." in done.stderr
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
    first.chmod(0o644)  # as a copy of the example is
    assert not ensure_env_file(first)
    assert first.stat().st_mode & 0o777 == 0o600
    assert second.stat().st_mode & 0o777 == 0o600
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


def test_the_embedded_servers_say_that_they_have_no_tls(tmp_path: Path) -> None:
    for server, locked in (
        (kafka, {"kafka_security_protocol": KafkaProtocol.SSL}),
        (postgres, {"postgres_sslmode": PostgresTls.VERIFY_FULL}),
    ):
        with pytest.raises(StackError, match=r"embedded .*docs/security\.md"):
            server.prepare(isolated_settings(tmp_path, **locked))


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

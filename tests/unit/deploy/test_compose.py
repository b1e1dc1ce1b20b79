"""What holds for the services of docker-compose.yml, and the database that its scripts make."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from pydantic import SecretStr

from coinloom.settings import REPOSITORY, Settings
from stack.nobody import as_nobody, give_to_nobody
from stack.ports import free_port
from stack.postgres import BINARIES
from stores.database import DatabaseUnavailable, connect
from stores.migrate import migrate

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
CREDITS = ("COINGECKO_BASE_URL", "COINGECKO_PLAN", "COINGECKO_CREDITS_PER_MONTH")
SCRIPTS = "/docker-entrypoint-initdb.d/"
PASSWORD = 'it\'s a \\ and a $ and a "word"'


def test_no_log_grows_for_ever() -> None:
    bounds = {name: service["logging"] for name, service in SERVICES.items()}
    assert [name for name, bound in bounds.items() if bound["options"] != {"max-size": "8m", "max-file": "5"}] == []


def test_who_sees_what_is_spent_knows_how_much_there_is() -> None:
    beside = {name: it["environment"] for name, it in SERVICES.items() if "poller:/data/coinloom" in it["volumes"]}
    assert beside.keys() == {"poller", "dashboard", "monitor"}
    said = [{name: environment[name] for name in CREDITS} for environment in beside.values()]
    assert said == [said[0]] * len(said)


@pytest.mark.parametrize("name", ["build", "airflow", "maintain"])
def test_who_takes_the_build_lock_knows_how_long_to_wait_and_to_build(name: str) -> None:
    environment = SERVICES[name]["environment"]
    for setting in ("BUILD_TIMEOUT_SECONDS", "BUILD_LOCK_WAIT_SECONDS"):
        assert environment[setting] == f"${{{setting}:-}}"


@pytest.fixture(scope="module")
def database() -> Iterator[Settings]:
    """A new cluster after the scripts, each run as the image does it. Another container has to give a password."""
    with tempfile.TemporaryDirectory(prefix="coinloom-compose-") as home:
        give_to_nobody(Path(home))
        data, socket, first = f"{home}/data", home, Path(home, "password")
        first.write_text(PASSWORD)
        access = ("--auth-local=trust", "--auth-host=scram-sha-256")
        _run("initdb", "-D", data, "-U", "postgres", f"--pwfile={first}", *access, "--no-sync")
        port = free_port()
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={socket}"
        _run("pg_ctl", "start", "--wait", "-D", data, "-o", options, "--log", f"{home}/log")
        try:
            at = ("--no-psqlrc", "--no-password", f"--host={socket}", f"--port={port}", "--username=postgres")
            for script in scripts():
                _run("psql", "-v", "ON_ERROR_STOP=1", *at, "--dbname=postgres", f"--file={script}")
            password = SecretStr(PASSWORD)
            yield Settings(_env_file=None, postgres_port=port, postgres_password=password, bi_reader_password=password)
        finally:
            _run("pg_ctl", "stop", "-D", data, "--mode=immediate")


def scripts() -> list[Path]:
    """In the order of their names there, as the image takes them."""
    mounts = [mount.split(":") for mount in SERVICES["postgres"]["volumes"] if SCRIPTS in mount]
    return [REPOSITORY / here for here, _, mode in sorted(mounts, key=lambda mount: mount[1]) if mode == "ro"]


def _run(program: str, *arguments: str) -> None:
    environment = os.environ | {"POSTGRES_PASSWORD": PASSWORD}
    command = [*as_nobody(), str(BINARIES / program), *arguments]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


def test_our_role_migrates_and_is_no_superuser(database: Settings) -> None:
    migrate(database)
    with connect(database) as connection:
        assert connection.execute("select rolname from pg_roles where rolsuper").fetchall() == [("postgres",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("copy (select 1) to program 'true'")


def test_nobody_logs_in_as_superuser(database: Settings) -> None:
    superuser = database.model_copy(update={"postgres_user": "postgres", "postgres_db": "postgres"})
    with pytest.raises(DatabaseUnavailable, match="password authentication failed"):
        connect(superuser)

"""Debian's PostgreSQL with TLS, into which docs/roles.sql has let us: the one of the embedded stack has no TLS."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from coinloom.settings import REPOSITORY, PostgresTls, Settings
from stack.nobody import as_nobody, give_to_nobody
from stack.ports import free_port
from tests.certificates import Authority, write_pem

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
ADMINISTRATOR = "postgres"
START_SECONDS = 60
# Plain connections are refused, but for those of the administrator.
ACCESS = """
local all postgres trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""


@contextmanager
def running_database(settings: Settings, authority: Authority, password: str) -> Iterator[Settings]:
    """The settings of a client that is right about everything. It logs each statement, and ends with the block."""
    if not BINARIES:
        pytest.skip("needs Debian's PostgreSQL: apt-get install postgresql")
    right = settings.model_copy(
        update={
            "postgres_port": free_port(),
            "postgres_password": SecretStr(password),
            "postgres_sslmode": PostgresTls.VERIFY_FULL,
            "postgres_sslrootcert": authority.signer,
        }
    )
    folder = settings.coinloom_home / "postgres"
    data = _new_cluster(folder, authority)
    log = settings.coinloom_home / "logs" / "postgres.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output, subprocess.Popen(_server(right, data), stderr=output) as server:
        try:
            _let_in(right, data, password)
            yield right
        finally:
            server.terminate()


def _new_cluster(folder: Path, authority: Authority) -> Path:
    data = folder / "data"
    data.mkdir(parents=True)
    give_to_nobody(data)
    initdb = [str(BINARIES[-1] / "initdb"), "-D", str(data), "-U", ADMINISTRATOR, "--encoding=UTF8", "--locale=C"]
    subprocess.run([*as_nobody(), *initdb], check=True, capture_output=True)
    (data / "pg_hba.conf").write_text(ACCESS)
    give_to_nobody(write_pem(authority.certificate(), data / "server.pem"))
    return data


def _server(settings: Settings, data: Path) -> list[str]:
    options = {
        "listen_addresses": "127.0.0.1",
        "port": settings.postgres_port,
        "unix_socket_directories": str(data),
        "ssl": "on",
        "ssl_cert_file": "server.pem",
        "ssl_key_file": "server.pem",
        "log_statement": "all",
    }
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    return [*as_nobody(), str(BINARIES[-1] / "postgres"), "-D", str(data), *flags]


def _let_in(settings: Settings, data: Path, password: str) -> None:
    """As the administrator of a database would."""
    there = {"host": str(data), "port": settings.postgres_port, "user": ADMINISTRATOR}
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(**there, dbname="postgres").close()
            break
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, f"PostgreSQL did not come up within {START_SECONDS} s"
            time.sleep(0.2)
    psql = [str(BINARIES[-1] / "psql"), f"--host={data}", f"--port={settings.postgres_port}"]
    script = [f"--username={ADMINISTRATOR}", "--set=ON_ERROR_STOP=1", f"--file={REPOSITORY / 'docs' / 'roles.sql'}"]
    subprocess.run([*psql, *script], check=True)
    with psycopg.connect(**there, dbname="postgres") as connection:
        connection.pgconn.change_password(settings.postgres_user.encode(), password.encode())

"""What libpq and the server say is told with what to change. The server is no more than how one begins.

tests/integration/test_postgres.py has what a real one says of what it can be made to say.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trustme

from coinloom.settings import PostgresTls, Settings
from stores.database import DatabaseUnavailable, as_reader, connect, parameters, unavailable
from tests.certificates import Authority
from tests.unit.stores.servers import postgres_error, refusing_postgres

IN_GENERAL = "Is it running (coinloom status)? Check POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB"
NO_LINE = "pg_hba.conf has no line that lets this machine, user and database in."
WITH_TLS = "in without TLS. If it has one with TLS, set POSTGRES_SSLMODE=verify-full and POSTGRES_SSLROOTCERT."
MAX = "Close some of them, or raise max_connections of the server."
WANTS_TLS = 8  # bytes of the request that a connection with TLS begins with


@contextmanager
def beginning(certificate: trustme.LeafCert | None) -> Iterator[int]:
    """The port of a PostgreSQL that has this certificate, or no TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_begin, args=(server, certificate), daemon=True).start()
        yield server.getsockname()[1]


def _begin(server: socket.socket, certificate: trustme.LeafCert | None) -> None:
    with suppress(OSError):  # its end
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(WANTS_TLS)
                connection.sendall(b"S" if certificate else b"N")
                if certificate:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    certificate.configure_cert(context)
                    context.wrap_socket(connection, server_side=True).recv(1)


def refused(port: int, **values: Any) -> str:
    settings = Settings(_env_file=None, postgres_port=port, postgres_sslmode=PostgresTls.VERIFY_FULL, **values)
    with pytest.raises(DatabaseUnavailable) as raised:
        connect(settings)
    return str(raised.value)


def test_a_certificate_of_another_signer(tmp_path: Path) -> None:
    ours, other = Authority.new(tmp_path / "ours"), Authority.new(tmp_path / "other")
    with beginning(ours.certificate()) as port:
        said = refused(port, postgres_sslrootcert=other.signer)
    assert "certificate verify failed. Set POSTGRES_SSLROOTCERT to the file" in said


def test_a_name_that_does_not_fit(tmp_path: Path) -> None:
    authority = Authority.new(tmp_path)
    with beginning(authority.certificate("db.example.org")) as port:
        said = refused(port, postgres_sslrootcert=authority.signer)
    assert 'server certificate for "db.example.org" does not match host name "127.0.0.1". Set POSTGRES_HOST' in said


def test_a_plain_port(tmp_path: Path) -> None:
    with beginning(None) as port:
        said = refused(port, postgres_sslrootcert=Authority.new(tmp_path).signer)
    assert "server does not support SSL, but SSL was required. That port is a plain one: check POSTGRES_HOST" in said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with beginning(Authority.new(tmp_path).certificate()) as port:
        said = refused(port, postgres_sslrootcert=tmp_path / "nowhere.pem")
    assert "nowhere.pem" in said
    assert "Set POSTGRES_SSLROOTCERT to the file" in said


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("password authentication failed for user", "Check {login}."),
        ("no such database", "POSTGRES_DB, {login}."),
    ],
)
def test_who_is_refused_is_told_the_settings_of_its_user(error: str, advice: str) -> None:
    with refusing_postgres(postgres_error("28P01", error)) as port:
        owner = Settings(_env_file=None, postgres_port=port, postgres_sslmode=PostgresTls.DISABLE)
        for settings, login in (
            (owner, "POSTGRES_USER and POSTGRES_PASSWORD"),
            (as_reader(owner), "BI_READER_PASSWORD"),
        ):
            with pytest.raises(DatabaseUnavailable) as raised:
                connect(settings)
            assert str(raised.value).endswith(advice.format(login=login))


@pytest.mark.parametrize(
    ("sslmode", "said", "advice"),
    [
        ("prefer", 'no pg_hba.conf entry for host "::1", user "ada", database "db", no encryption', NO_LINE),
        ("prefer", 'no pg_hba.conf entry for host "::1", user "ada", database "db", SSL off', NO_LINE),
        ("require", 'no pg_hba.conf entry for host "::1", user "ada", database "db", SSL encryption', NO_LINE),
        ("verify-full", 'pg_hba.conf rejects connection for host "10.0.0.7", user "ada", database "db"', NO_LINE),
        ("disable", 'no pg_hba.conf entry for host "::1", user "ada", database "db", no encryption', WITH_TLS),
        ("disable", 'no pg_hba.conf entry for host "::1", user "ada", database "db", SSL off', WITH_TLS),
        # libpq tries with TLS, and then once more without
        ("prefer", "password authentication failed\nFATAL: no pg_hba.conf entry, no encryption", "Check POST"),
        ("prefer", 'database "db" does not exist', IN_GENERAL),
        ("prefer", "sorry, too many clients already\nFATAL: sorry, too many clients already", MAX),
        ("prefer", "remaining connection slots are reserved for roles with the SUPERUSER attribute", MAX),
        ("prefer", "remaining connection slots are reserved for non-replication superuser connections", MAX),
        ("prefer", 'too many connections for role "ada"', "raise its limit: alter role ... connection limit."),
        ("prefer", 'too many connections for database "db"', "raise the limit: alter database ... connection limit."),
        ("prefer", "the database system is starting up", IN_GENERAL),
        ("verify-full", 'root certificate file "/nowhere.pem" does not exist', "Set POSTGRES_SSLROOTCERT to the file"),
    ],
)
def test_what_it_says_comes_with_what_to_do(sslmode: str, said: str, advice: str) -> None:
    settings = Settings(_env_file=None, postgres_sslmode=PostgresTls(sslmode))
    explained = str(unavailable(settings, psycopg.OperationalError(f"connection failed: FATAL:  {said}\n")))
    assert explained.count(said) == explained.count(advice) == 1


def test_readers_that_are_too_many_are_told_their_setting() -> None:
    error = psycopg.OperationalError('connection failed: FATAL:  too many connections for role "bi_reader"')
    assert str(unavailable(as_reader(Settings(_env_file=None)), error)).endswith(
        "Close some of its sessions, or raise BI_READER_CONNECTIONS."
    )


def test_a_password_is_given_as_it_is() -> None:
    password = 'it\'s "a\\b" \\\\ $1 ${x} %s; #é'
    settings = Settings(_env_file=None, postgres_password=password)
    assert parameters(settings)["password"] == password
    assert parameters(settings)["sslmode"] == "prefer"

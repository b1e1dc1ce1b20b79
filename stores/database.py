"""Connections to PostgreSQL."""

from typing import Any

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, in_clear

SOON_SECONDS = 5
"""To connect, while somebody waits. Two were too few with ten busy processes on two cores."""

ON_ONE_CORE = "-c max_parallel_workers_per_gather=0"
"""Workers beside the query take three times its work, and save no time where all cores are in use."""

NOT_FOR_EVER = "-c statement_timeout=30s"
"""Behind a table that somebody has locked, looks would gather, each with a thread and a connection."""

READER = "bi_reader"
IN_GENERAL = "Is it running (coinloom status)? Check POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, {login}."
ANOTHER_SIGNER = "Set POSTGRES_SSLROOTCERT to the file with the certificate of who signed the server's."
# What to do by what libpq or the server says; `login` are the settings of the user.
ADVICE = {
    "password authentication failed": "Check {login}.",
    "server does not support SSL": "That port is a plain one: check POSTGRES_HOST, POSTGRES_PORT and POSTGRES_SSLMODE.",
    "no encryption": "It wants TLS: set POSTGRES_SSLMODE=verify-full and POSTGRES_SSLROOTCERT.",
    "root certificate file": ANOTHER_SIGNER,
    "certificate verify failed": ANOTHER_SIGNER,
    "does not match host name": "Set POSTGRES_HOST to a name that is in the server's certificate.",
}


class DatabaseUnavailable(CoinloomError):
    """PostgreSQL could not be reached, or refused the user."""


def connect(settings: Settings, *, connect_timeout_seconds: int = 10, options: str = "") -> psycopg.Connection:
    """Open a connection whose clock is UTC.

    Raises:
        DatabaseUnavailable: naming the settings to check.
    """
    try:
        return psycopg.connect(**parameters(settings, connect_timeout_seconds, options))
    except psycopg.OperationalError as error:
        raise unavailable(settings, error) from None


def connect_to_look(settings: Settings) -> psycopg.Connection:
    """For somebody who waits and may look every few seconds: soon or not at all, and beside all other work.

    Raises:
        DatabaseUnavailable: naming the settings to check.
    """
    return connect(settings, connect_timeout_seconds=SOON_SECONDS, options=f"{ON_ONE_CORE} {NOT_FOR_EVER}")


def parameters(settings: Settings, connect_timeout_seconds: int = 10, options: str = "") -> dict[str, Any]:
    """What a connection is opened with. Holds the password. `options` are further ones of the session, as `-c a=b`."""
    return {
        "host": settings.postgres_host,
        "port": settings.postgres_port,
        "dbname": settings.postgres_db,
        "user": settings.postgres_user,
        "password": in_clear(settings.postgres_password),
        "sslmode": str(settings.postgres_sslmode),
        "sslrootcert": settings.postgres_sslrootcert,
        "connect_timeout": connect_timeout_seconds,
        "application_name": "coinloom",
        "options": f"-c timezone=UTC {options}".strip(),
        # A server that vanished is noticed after a minute, not after two hours; while it owes an answer, after half a
        # minute, and so before it lets others have a lock of ours.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }


def unavailable(settings: Settings, error: Exception) -> DatabaseUnavailable:
    """That error, with the settings to check."""
    advice = next((advice for said, advice in ADVICE.items() if said in str(error)), IN_GENERAL)
    login = "BI_READER_PASSWORD" if settings.postgres_user == READER else "POSTGRES_USER and POSTGRES_PASSWORD"
    return DatabaseUnavailable(
        f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port} did not let "
        f"'{settings.postgres_user}' into '{settings.postgres_db}': {str(error).strip()}. {advice.format(login=login)}"
    )


def as_reader(settings: Settings) -> Settings:
    """The same database, entered as bi_reader."""
    return settings.model_copy(update={"postgres_user": READER, "postgres_password": settings.bi_reader_password})

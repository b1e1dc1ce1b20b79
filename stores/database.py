"""Connections to PostgreSQL."""

from typing import Any

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import PostgresTls, Settings, in_clear
from stores.keepalive import CONNECT_SECONDS, COUNT, IDLE_SECONDS, INTERVAL_SECONDS, UNANSWERED_MILLISECONDS

SOON_SECONDS = 5
"""To connect, while somebody waits. Two were too few with ten busy processes on two cores."""

ON_ONE_CORE = "-c max_parallel_workers_per_gather=0"
"""Workers beside the query take three times its work, and save no time where all cores are in use."""

NOT_FOR_EVER = "-c statement_timeout=30s"
"""Behind a table that somebody has locked, looks would gather, each with a thread and a connection."""

READER = "bi_reader"
IN_GENERAL = "Is it running (coinloom status)? Check POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, {login}."
ROLE_IS_FULL = "too many connections for role"
SERVER_IS_FULL = "Close some of them, or raise max_connections of the server."
ANOTHER_SIGNER = "Set POSTGRES_SSLROOTCERT to the file with the certificate of who signed the server's."
NO_LINE = "Its pg_hba.conf has no line that lets this machine, user and database in."
NO_LINE_WITHOUT_TLS = (
    "Its pg_hba.conf has no line that lets this machine, user and database in without TLS. If it has one with TLS, set "
    "POSTGRES_SSLMODE=verify-full and POSTGRES_SSLROOTCERT."
)
# What to do by what libpq or the server says, which may be several things. `login` are the settings of the user,
# `limit` says how many sessions it may have.
ADVICE = {
    "password authentication failed": "Check {login}.",
    ROLE_IS_FULL: "Close some of its sessions, or raise {limit}.",
    "too many connections for database": "Close some, or raise the limit: alter database ... connection limit.",
    "too many clients": SERVER_IS_FULL,
    "remaining connection slots": SERVER_IS_FULL,
    "server does not support SSL": "That port is a plain one: check POSTGRES_HOST, POSTGRES_PORT and POSTGRES_SSLMODE.",
    "root certificate file": ANOTHER_SIGNER,
    "certificate verify failed": ANOTHER_SIGNER,
    "does not match host name": "Set POSTGRES_HOST to a name that is in the server's certificate.",
    "pg_hba.conf": NO_LINE,  # the last, as libpq says it also of a second try, without TLS
}


class DatabaseUnavailable(CoinloomError):
    """PostgreSQL could not be reached, or refused the user."""


def connect(
    settings: Settings, *, connect_timeout_seconds: int = CONNECT_SECONDS, options: str = ""
) -> psycopg.Connection:
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


def parameters(settings: Settings, connect_timeout_seconds: int = CONNECT_SECONDS, options: str = "") -> dict[str, Any]:
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
        # So a server that vanished is noticed before it lets others have a lock of ours.
        "keepalives_idle": IDLE_SECONDS,
        "keepalives_interval": INTERVAL_SECONDS,
        "keepalives_count": COUNT,
        "tcp_user_timeout": UNANSWERED_MILLISECONDS,
    }


def unavailable(settings: Settings, error: Exception) -> DatabaseUnavailable:
    """That error, with the settings to check."""
    login, limit = "POSTGRES_USER and POSTGRES_PASSWORD", "its limit: alter role ... connection limit"
    if settings.postgres_user == READER:
        login, limit = "BI_READER_PASSWORD", "BI_READER_CONNECTIONS"
    return DatabaseUnavailable(
        f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port} did not let '{settings.postgres_user}' into "
        f"'{settings.postgres_db}': {str(error).strip()}. {_advice(settings, error).format(login=login, limit=limit)}"
    )


def lost(settings: Settings, error: Exception) -> DatabaseUnavailable:
    """That error, which has ended what a connection was in the middle of."""
    return DatabaseUnavailable(
        f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port} has broken off what "
        f"'{settings.postgres_user}' did in '{settings.postgres_db}': {str(error).strip()}. "
        "Is it running (coinloom status)? Run this again when it is."
    )


def _advice(settings: Settings, error: Exception) -> str:
    if "pg_hba.conf" in str(error) and settings.postgres_sslmode is PostgresTls.DISABLE:
        return NO_LINE_WITHOUT_TLS
    return next((advice for said, advice in ADVICE.items() if said in str(error)), IN_GENERAL)


def as_reader(settings: Settings) -> Settings:
    """The same database, entered as bi_reader."""
    return settings.model_copy(update={"postgres_user": READER, "postgres_password": settings.bi_reader_password})

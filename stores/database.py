"""Connections to PostgreSQL."""

from typing import Any

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import Settings

SOON_SECONDS = 5
"""To connect, while somebody waits. Two were too few with ten busy processes on two cores."""


class DatabaseUnavailable(CoinloomError):
    """PostgreSQL could not be reached, or refused the user."""


def connect(settings: Settings, *, connect_timeout_seconds: int = 10) -> psycopg.Connection:
    """Open a connection whose clock is UTC.

    Raises:
        DatabaseUnavailable: naming the settings to check.
    """
    try:
        return psycopg.connect(**parameters(settings, connect_timeout_seconds))
    except psycopg.OperationalError as error:
        raise unavailable(settings, error) from None


def parameters(settings: Settings, connect_timeout_seconds: int = 10, options: str = "") -> dict[str, Any]:
    """What a connection is opened with. Holds the password. `options` are further ones of the session, as `-c a=b`."""
    return {
        "host": settings.postgres_host,
        "port": settings.postgres_port,
        "dbname": settings.postgres_db,
        "user": settings.postgres_user,
        "password": password(settings),
        "connect_timeout": connect_timeout_seconds,
        "application_name": "coinloom",
        "options": f"-c timezone=UTC {options}".strip(),
        # A server that vanished is noticed after a minute, not after two hours.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }


def unavailable(settings: Settings, error: Exception) -> DatabaseUnavailable:
    """That error, with the settings to check."""
    return DatabaseUnavailable(
        f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port} did not let "
        f"'{settings.postgres_user}' into '{settings.postgres_db}': {str(error).strip()}. "
        "Is it running (coinloom status)? Check POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER "
        "and POSTGRES_PASSWORD."
    )


def as_reader(settings: Settings) -> Settings:
    """The same database, entered as bi_reader."""
    return settings.model_copy(update={"postgres_user": "bi_reader", "postgres_password": settings.bi_reader_password})


def password(settings: Settings) -> str | None:
    """The password in clear, for a library that opens a connection."""
    return settings.postgres_password.get_secret_value() if settings.postgres_password else None

"""Connections to PostgreSQL."""

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import Settings


class DatabaseUnavailable(CoinloomError):
    """PostgreSQL could not be reached, or refused the user."""


def connect(settings: Settings, *, connect_timeout_seconds: int = 10) -> psycopg.Connection:
    """Open a connection whose clock is UTC.

    Raises:
        DatabaseUnavailable: naming the settings to check.
    """
    try:
        return psycopg.connect(
            host=settings.postgres_host,
            port=settings.postgres_port,
            dbname=settings.postgres_db,
            user=settings.postgres_user,
            password=password(settings),
            connect_timeout=connect_timeout_seconds,
            application_name="coinloom",
            options="-c timezone=UTC",
            # A server that vanished is noticed after a minute, not after two hours.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port} did not let "
            f"'{settings.postgres_user}' into '{settings.postgres_db}': {str(error).strip()}. "
            "Is it running (coinloom status)? Check POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER "
            "and POSTGRES_PASSWORD."
        ) from None


def password(settings: Settings) -> str | None:
    """The password in clear, for a library that opens a connection."""
    return settings.postgres_password.get_secret_value() if settings.postgres_password else None

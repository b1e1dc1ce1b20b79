"""Connections to PostgreSQL, and the migrations of what dbt does not own: schemas, landing tables, roles."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from coinloom.errors import CoinloomError
from coinloom.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as every process that migrates takes the same lock.
MIGRATION_LOCK = 2_650_103


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
            password=_password(settings),
            connect_timeout=connect_timeout_seconds,
            application_name="coinloom",
            options="-c timezone=UTC",
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port} did not let "
            f"'{settings.postgres_user}' into '{settings.postgres_db}': {str(error).strip()}. "
            "Is it running (coinloom status)? Check POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER "
            "and POSTGRES_PASSWORD."
        ) from None


def migrate(settings: Settings) -> None:
    """Bring schemas, landing tables and roles up to date; does nothing when they are.

    Raises:
        DatabaseUnavailable: naming the settings to check.
    """
    connect(settings).close()
    engine = create_engine(_sqlalchemy_url(settings), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({MIGRATION_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    _set_reader_password(settings)


def _set_reader_password(settings: Settings) -> None:
    if settings.bi_reader_password is None:
        return
    statement = sql.SQL("alter role bi_reader with login password {}")
    with connect(settings) as connection:
        connection.execute(statement.format(sql.Literal(settings.bi_reader_password.get_secret_value())))


def _sqlalchemy_url(settings: Settings) -> URL:
    return URL.create(
        "postgresql+psycopg",
        username=settings.postgres_user,
        password=_password(settings),
        host=settings.postgres_host,
        port=settings.postgres_port,
        database=settings.postgres_db,
    )


def _password(settings: Settings) -> str | None:
    return settings.postgres_password.get_secret_value() if settings.postgres_password else None

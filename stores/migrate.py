"""Migrations of what dbt does not own in PostgreSQL: schemas, landing tables, roles."""

from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from coinloom.settings import Settings
from stores.database import DatabaseUnavailable, connect

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as every process that migrates takes the same lock.
MIGRATION_LOCK = 2_650_103
BOUNDS = """
    select rolconnlimit, (select setting from unnest(rolconfig) as setting where setting like 'statement_timeout=%')
    from pg_roles
    where rolname = 'bi_reader'
"""
BOUND = (
    "alter role bi_reader connection limit {connections}",
    "alter role bi_reader set statement_timeout = {milliseconds}",
)


def migrate(settings: Settings, options: str = "") -> None:
    """Bring schemas, landing tables and roles up to date; does nothing when they are. `options` are those of `connect`.

    Raises:
        DatabaseUnavailable: naming the settings to check, or what the server refused.
    """
    # They take half of the start of a process that may never migrate, such as the poller.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    connected = partial(connect, settings, options=options)
    connected().close()  # SQLAlchemy would wrap the error
    engine = create_engine("postgresql+psycopg://", creator=connected, poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({MIGRATION_LOCK})")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with connected() as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
            _bound_reader(connection, settings)
            _set_reader_password(connection, settings)
    except DBAPIError as error:
        raise _not_migrated(settings, error.orig) from None
    except (psycopg.Error, CommandError) as error:
        raise _not_migrated(settings, error) from None


def _not_migrated(settings: Settings, error: object) -> DatabaseUnavailable:
    where, user = f"{settings.postgres_host}:{settings.postgres_port}", settings.postgres_user
    return DatabaseUnavailable(
        f"The schemas, tables and roles of '{settings.postgres_db}' at {where} could not be brought up to date: "
        f"{str(error).strip()}. What '{user}' has to be allowed is in docs/roles.sql."
    )


def _bound_reader(connection: psycopg.Connection, settings: Settings) -> None:
    """How many sessions bi_reader may have, and how long a statement of it may take; written only if it differs."""
    connections, milliseconds = settings.bi_reader_connections, round(settings.bi_reader_timeout_seconds * 1000)
    if connection.execute(BOUNDS).fetchone() != (connections, f"statement_timeout={milliseconds}"):
        for statement in BOUND:
            bound = sql.SQL(statement).format(connections=connections, milliseconds=sql.Literal(str(milliseconds)))
            connection.execute(bound)


def _set_reader_password(connection: psycopg.Connection, settings: Settings) -> None:
    """The server gets what it would make of the password, so that its log never has it, whatever it logs."""
    if settings.bi_reader_password is not None:
        password = settings.bi_reader_password.get_secret_value().encode()
        encrypted = connection.pgconn.encrypt_password(password, b"bi_reader").decode()
        connection.execute(sql.SQL("alter role bi_reader with login password {}").format(sql.Literal(encrypted)))

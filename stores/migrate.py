"""Migrations of what dbt does not own in PostgreSQL: schemas, landing tables, roles."""

from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from coinloom.settings import Settings
from stores.database import ROLE_IS_FULL, DatabaseUnavailable, as_reader, connect

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as every process that migrates takes the same lock.
MIGRATION_LOCK = 2_650_103
BOUNDS = "select rolconnlimit, coalesce(rolconfig, '{}') from pg_roles where rolname = 'bi_reader'"
# The second is for who has asked something and does not end the transaction: publish cannot add a column meanwhile.
TIMEOUTS = ("statement_timeout", "idle_in_transaction_session_timeout")
AGAIN = "Once that is over, run this again: it goes on from there."
UPDATE_US = "The database is that of a newer Coinloom than this one: update Coinloom here."


def migrate(settings: Settings, options: str = "") -> None:
    """Bring schemas, landing tables and roles up to date; does nothing when they are. `options` are those of `connect`.

    Raises:
        DatabaseUnavailable: naming the settings to check, or what the server refused.
    """
    # They take half of the start of a process that may never migrate, such as the poller.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script.revision import ResolutionError  # noqa: PLC0415
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
            _set_reader_password(connection, settings, options)
    except DBAPIError as error:
        raise _not_migrated(settings, error.orig) from None
    except CommandError as error:
        is_newer = isinstance(error.__cause__, ResolutionError)
        raise _not_migrated(settings, error, UPDATE_US if is_newer else "") from None
    except psycopg.Error as error:
        raise _not_migrated(settings, error) from None


def _not_migrated(settings: Settings, error: object, advice: str = AGAIN) -> DatabaseUnavailable:
    where, user = f"{settings.postgres_host}:{settings.postgres_port}", settings.postgres_user
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        advice = f"What '{user}' has to be allowed is in docs/roles.sql."
    return DatabaseUnavailable(
        f"The schemas, tables and roles of '{settings.postgres_db}' at {where} could not be brought up to date: "
        f"{str(error).strip()}. {advice}".strip()
    )


def _bound_reader(connection: psycopg.Connection, settings: Settings) -> None:
    """How many sessions bi_reader may have, and how long it may keep others waiting; written only if it differs."""
    milliseconds = round(settings.bi_reader_timeout_seconds * 1000)
    connections, configured = connection.execute(BOUNDS).fetchone() or (None, [])
    if connections != settings.bi_reader_connections:
        limit = sql.SQL("alter role bi_reader connection limit {}").format(settings.bi_reader_connections)
        connection.execute(limit)
    for timeout in TIMEOUTS:
        if f"{timeout}={milliseconds}" not in configured:
            bound = sql.SQL("alter role bi_reader set {} = {}")
            connection.execute(bound.format(sql.Identifier(timeout), sql.Literal(str(milliseconds))))


def _set_reader_password(connection: psycopg.Connection, settings: Settings, options: str) -> None:
    """The server gets what it would make of the password, so that its log never has it, whatever it logs."""
    if settings.bi_reader_password is None or _lets_reader_in(settings, options):
        return
    password = settings.bi_reader_password.get_secret_value().encode()
    encrypted = connection.pgconn.encrypt_password(password, b"bi_reader").decode()
    connection.execute(sql.SQL("alter role bi_reader with login password {}").format(sql.Literal(encrypted)))


def _lets_reader_in(settings: Settings, options: str) -> bool:
    """Whether the server takes that password: only a superuser can read what it has of it.

    False where it did not look at it, as with `trust`, or did not come so far.
    """
    try:
        with connect(as_reader(settings), options=options) as reader:
            return bool(reader.pgconn.used_password)
    except DatabaseUnavailable as refused:
        return ROLE_IS_FULL in str(refused)  # it counts sessions after it has looked at the password

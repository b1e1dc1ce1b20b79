"""Migrations of what dbt does not own in PostgreSQL: schemas, landing tables, roles."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from coinloom.settings import Settings
from stores.database import connect, password

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as every process that migrates takes the same lock.
MIGRATION_LOCK = 2_650_103


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
        password=password(settings),
        host=settings.postgres_host,
        port=settings.postgres_port,
        database=settings.postgres_db,
    )

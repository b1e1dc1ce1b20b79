"""What a real PostgreSQL refuses, in our words; and when the migrations write the password of bi_reader.

An embedded one whose administrator is let in without a password: only a superuser sees how a role is written down.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from psycopg import sql
from pydantic import SecretStr

from coinloom.settings import PostgresTls, Settings
from serving.source import PublishFailed
from serving.warehouse import Warehouse
from stack import postgres
from stack.isolation import isolated_settings
from stores.database import DatabaseUnavailable, as_reader, connect
from stores.migrate import MIGRATION_LOCK, migrate
from tests.dashboard.own_postgres import OwnPostgres

SECONDS = 30
GUEST = "guest"
ACCESS = f"""
host all {postgres.ADMINISTRATOR} 127.0.0.1/32 trust
host postgres,coinloom,{GUEST} all 127.0.0.1/32 scram-sha-256
"""
READERS_TRUSTED = "host all bi_reader 127.0.0.1/32 trust"
READER_AS_WRITTEN = """
    select xmin::text, rolpassword from pg_authid where rolname = 'bi_reader'
    union all
    select xmin::text, setconfig::text from pg_db_role_setting where setrole = 'bi_reader'::regrole
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The owner's settings of a migrated one."""
    settings = isolated_settings(tmp_path_factory.mktemp("postgres"))
    server = OwnPostgres(settings)
    write_access(settings, ACCESS)
    with server:
        migrate(settings)
        yield settings


def write_access(settings: Settings, lines: str) -> None:
    (settings.coinloom_home / "postgres" / "data" / "pg_hba.conf").write_text(lines)


def as_administrator(settings: Settings, statement: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
    there = {"postgres_user": postgres.ADMINISTRATOR, "postgres_password": None, "postgres_db": database}
    with connect(settings.model_copy(update=there)) as connection:
        connection.autocommit = True
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def with_password(settings: Settings, password: str) -> Settings:
    return settings.model_copy(update={"bi_reader_password": SecretStr(password)})


def lets_in(settings: Settings) -> bool:
    try:
        connect(settings).close()
    except DatabaseUnavailable:
        return False
    return True


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def trusting_readers(database: Settings) -> Iterator[None]:
    """Whoever says that it is bi_reader is let in."""
    anybody = as_reader(with_password(database, "any"))
    write_access(database, f"{READERS_TRUSTED}\n{ACCESS}")
    as_administrator(database, "select pg_reload_conf()")
    wait_until(lambda: lets_in(anybody))
    try:
        yield
    finally:
        write_access(database, ACCESS)
        as_administrator(database, "select pg_reload_conf()")
        wait_until(lambda: not lets_in(anybody))


def test_a_second_migrate_writes_nothing_to_bi_reader(database: Settings) -> None:
    before = as_administrator(database, READER_AS_WRITTEN)
    assert before[0][1].startswith("SCRAM-SHA-256$")
    migrate(database)
    assert as_administrator(database, READER_AS_WRITTEN) == before


def test_none_is_written_while_bi_reader_has_all_its_sessions(database: Settings) -> None:
    few = database.model_copy(update={"bi_reader_connections": 1})
    migrate(few)
    before = as_administrator(database, READER_AS_WRITTEN)
    with connect(as_reader(database)):
        migrate(few)
        assert as_administrator(database, READER_AS_WRITTEN) == before
    migrate(database)


def test_a_new_password_is_written(database: Settings) -> None:
    changed = with_password(database, "another one")
    migrate(changed)
    assert lets_in(as_reader(changed))
    assert not lets_in(as_reader(database))
    migrate(database)
    assert lets_in(as_reader(database))


def test_a_new_password_is_written_where_none_is_asked_for(database: Settings) -> None:
    changed = with_password(database, "a third one")
    with trusting_readers(database):
        migrate(changed)
    assert lets_in(as_reader(changed))
    migrate(database)


@pytest.mark.parametrize(
    ("sslmode", "advice"),
    [
        (PostgresTls.PREFER, "Its pg_hba.conf has no line that lets this machine, user and database in."),
        (PostgresTls.DISABLE, "If it has one with TLS, set POSTGRES_SSLMODE=verify-full and POSTGRES_SSLROOTCERT."),
    ],
)
def test_a_database_that_has_no_line_in_its_pg_hba(database: Settings, sslmode: PostgresTls, advice: str) -> None:
    elsewhere = database.model_copy(update={"postgres_db": "nowhere", "postgres_sslmode": sslmode})
    with pytest.raises(DatabaseUnavailable, match=r'no pg_hba.conf entry for .* "nowhere", no encryption') as raised:
        connect(elsewhere)
    assert str(raised.value).endswith(advice)


def test_more_readers_than_there_may_be(database: Settings) -> None:
    migrate(database.model_copy(update={"bi_reader_connections": 1}))
    with ExitStack() as sessions:
        said = fill(sessions, as_reader(database))
    assert 'FATAL:  too many connections for role "bi_reader"' in said
    assert said.endswith("or raise BI_READER_CONNECTIONS.")
    migrate(database)


def test_more_sessions_than_there_may_be(database: Settings) -> None:
    administrator = database.model_copy(update={"postgres_user": postgres.ADMINISTRATOR, "postgres_password": None})
    with ExitStack() as sessions:
        ours, theirs = fill(sessions, database), fill(sessions, administrator)
    assert "FATAL:  remaining connection slots are reserved" in ours
    assert "FATAL:  sorry, too many clients already" in theirs
    assert all(said.endswith("or raise max_connections of the server.") for said in (ours, theirs))
    wait_until(lambda: lets_in(database))


def fill(sessions: ExitStack, settings: Settings) -> str:
    """Open sessions until one is refused; returns what is said then."""
    while True:
        try:
            sessions.enter_context(connect(settings))
        except DatabaseUnavailable as refused:
            return str(refused)


def test_a_database_of_a_newer_release(database: Settings) -> None:
    with connect(database) as owner:
        ours = owner.execute("select version_num from alembic_version").fetchall()
        owner.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(DatabaseUnavailable, match=r"'9999'\. The database is that of a newer Coinloom") as raised:
        migrate(database)
    assert "roles.sql" not in str(raised.value)
    with connect(database) as owner:
        owner.execute("update alembic_version set version_num = %s", ours[0])


def test_a_user_who_may_not_do_what_is_needed(database: Settings) -> None:
    as_administrator(database, f"create role {GUEST} login password '{GUEST}'")
    as_administrator(database, f"create database {GUEST} owner {GUEST}")
    there = {"postgres_user": GUEST, "postgres_password": SecretStr(GUEST), "postgres_db": GUEST}
    with pytest.raises(
        DatabaseUnavailable, match=r"permission denied .*'guest' has to be allowed is in docs/roles\.sql"
    ) as raised:
        migrate(database.model_copy(update=there))
    assert "run this again" not in str(raised.value)


def test_a_migration_that_waits_too_long_or_is_ended_is_no_matter_of_rights(database: Settings) -> None:
    with connect(database) as other, ThreadPoolExecutor() as threads:
        other.execute("select pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        with pytest.raises(DatabaseUnavailable, match=r"lock timeout\. Once .* run this again") as late:
            migrate(database, "-c lock_timeout=100ms")
        waiting = threads.submit(migrate, database)
        end = sql.SQL(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where wait_event_type = 'Lock' and query like '%pg_advisory_xact_lock%'"
        )
        wait_until(lambda: bool(as_administrator(database, end)))
        with pytest.raises(DatabaseUnavailable, match=r"(?s)terminating connection.* run this again") as ended:
            waiting.result(SECONDS)
    assert "roles.sql" not in f"{late.value}{ended.value}"


def test_a_publish_whose_session_is_ended(database: Settings) -> None:
    with connect(database) as connection:
        connection.autocommit = True
        as_administrator(database, sql.SQL("select pg_terminate_backend({})").format(connection.info.backend_pid))
        with pytest.raises(PublishFailed, match=r"could not read builds\.hour_versions: terminating connection"):
            Warehouse(connection).hour_versions()

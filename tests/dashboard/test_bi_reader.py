"""What bi_reader may do, tried as bi_reader: read the marts, and nothing else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from coinloom.settings import Settings
from serving.build_lock import build_lock
from stores.database import DatabaseUnavailable, as_reader, connect
from stores.migrate import migrate
from tests.bi_rights import readable, relations
from tests.dashboard.made_market import MARTS, make_market
from tests.dashboard.own_postgres import OwnPostgres

# What dbt makes, and whatever will be made some day, is made by the owner, who is the one that migrates.
MADE_LATER = """
    create schema builds;
    create table builds.hour_versions (a int);
    create schema warehouse;
    create table warehouse.crypto_table (a int);
    create view warehouse.everything as select * from warehouse.crypto_table;
    create sequence warehouse.numbers;
    create function public.answer() returns int language sql return 42;
    create function marts.answer() returns int language sql security definer return 42;
    create table marts.made_later (a int);
    create view marts.shown_later as select * from warehouse.crypto_table
"""
REFUSED = [
    "create schema mine",
    "create table marts.mine (a int)",
    "create table public.mine (a int)",
    "create temporary table mine (a int)",
    "select marts.answer()",
    "select public.answer()",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_xact_lock(1)",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "copy marts.crypto_table to '/tmp/coinloom-copy'",
    "copy marts.crypto_table to program 'true'",
    "select * from pg_authid",
    "alter role bi_reader superuser",
    "alter role bi_reader connection limit -1",
    "create role mine",
    "create database mine",
    "alter system set work_mem = '1GB'",
    "set role {owner}",
    "set session authorization {owner}",
    "select pg_terminate_backend({backend})",
    "alter table marts.crypto_table add column mine int",
    "create view marts.mine as select 1",
]
WRITES = ["insert into {} default values", "update {} set {} = null", "delete from {}"]
GRANTED = """
    select distinct privilege_type
    from pg_class, aclexplode(relacl)
    where grantee in (0, 'bi_reader'::regrole) and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
"""


@pytest.fixture(scope="module")
def database(own_postgres: OwnPostgres) -> Settings:
    """The owner's settings of a database with marts, and with tables in other schemas."""
    settings = own_postgres.migrated("rights")
    make_market(settings)
    with connect(settings) as connection:
        connection.execute(MADE_LATER)
    return settings


@pytest.fixture
def reader(database: Settings) -> Iterator[psycopg.Connection]:
    """A session of bi_reader that wants to write: that it is read-only is a default, which it may change."""
    with connect(as_reader(database)) as connection:
        connection.autocommit = True
        connection.execute("set default_transaction_read_only = off")
        yield connection


def test_it_reads_every_table_and_view_of_the_marts_and_no_other(database: Settings) -> None:
    known = relations(database)
    in_marts = {relation for relation in known if relation.startswith("marts.")}
    assert {f"marts.{name}" for name in (*MARTS, "freshness", "made_later", "shown_later")} <= in_marts
    elsewhere = {relation.split(".")[0] for relation in known} - {"marts"}
    assert {"landing", "quarantine", "ingestion", "publishing", "warehouse", "builds", "public"} <= elsewhere
    assert readable(database) == in_marts


def test_it_changes_no_table_of_the_marts(database: Settings, reader: psycopg.Connection) -> None:
    with connect(database) as owner:
        assert owner.execute(GRANTED).fetchall() == [("SELECT",)]
    in_marts = [relation for relation in relations(database) if relation.startswith("marts.")]
    assert len(in_marts) > len(MARTS)
    for relation in in_marts:
        first = reader.execute(f"select * from {relation} limit 0").description  # noqa: S608 names of the catalog
        for write in WRITES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(write.format(relation, first[0].name if first else ""))


@pytest.mark.parametrize("statement", REFUSED)
def test_it_is_refused(database: Settings, reader: psycopg.Connection, statement: str) -> None:
    with build_lock(database, "a build") as building:
        backend = building.info.backend_pid
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement.format(owner=database.postgres_user, backend=backend))


def test_not_even_the_owner_is_a_superuser(database: Settings) -> None:
    with connect(database) as owner:
        assert owner.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)


def test_its_sessions_are_read_only_and_it_is_a_member_of_nothing(database: Settings) -> None:
    memberships = "select roleid from pg_auth_members where member = 'bi_reader'::regrole"
    with connect(as_reader(database)) as connection:
        assert connection.execute("show default_transaction_read_only").fetchone() == ("on",)
        assert connection.execute(memberships).fetchall() == []


def test_it_does_not_see_what_others_ask(database: Settings, reader: psycopg.Connection) -> None:
    with connect(database) as owner:
        owner.execute("select 'a secret'")
        seen = reader.execute("select query from pg_stat_activity where pid = %s", [owner.info.backend_pid]).fetchall()
    assert seen == [("<insufficient privilege>",)]


@contextmanager
def bounded(database: Settings, **bounds: float) -> Iterator[None]:
    """The role is that of the whole server, which other tests use as well."""
    migrate(database.model_copy(update=bounds))
    try:
        yield
    finally:
        migrate(database)


def test_a_long_query_is_ended(database: Settings) -> None:
    with connect(as_reader(database)) as connection:
        assert connection.execute("show statement_timeout").fetchone() == ("1min",)
    started = time.monotonic()
    with (
        bounded(database, bi_reader_timeout_seconds=0.2),
        connect(as_reader(database)) as connection,
        pytest.raises(psycopg.errors.QueryCanceled, match="timeout"),
    ):
        connection.execute("select pg_sleep(30)")
    assert time.monotonic() - started < 20


def test_a_transaction_in_which_nothing_is_asked_is_ended(database: Settings) -> None:
    with bounded(database, bi_reader_timeout_seconds=0.2), connect(as_reader(database)) as connection:
        connection.execute("select")
        time.sleep(1)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            connection.execute("select")


def test_it_has_a_number_of_sessions_and_leaves_the_others_to_the_pipeline(database: Settings) -> None:
    with connect(as_reader(database)), bounded(database, bi_reader_connections=1):
        with pytest.raises(DatabaseUnavailable, match="too many connections for role"):
            connect(as_reader(database))
        connect(database).close()
    connect(as_reader(database)).close()

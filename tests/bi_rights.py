"""What bi_reader may read, tried on every table, view and sequence that the catalog of a database has."""

import psycopg
from psycopg import sql

from coinloom.settings import Settings
from stores.database import as_reader, connect

RELATIONS = """
    select nspname || '.' || relname
    from pg_class
    inner join pg_namespace as schemas on relnamespace = schemas.oid
    where relkind in ('r', 'v', 'm', 'p', 'f', 'S') and nspname !~ '^pg_' and nspname <> 'information_schema'
    order by 1
"""


def relations(settings: Settings) -> list[str]:
    """Every one, with its schema, in the eyes of the owner."""
    with connect(settings) as connection:
        return [name for (name,) in connection.execute(RELATIONS)]


def readable(settings: Settings) -> set[str]:
    """Those of which bi_reader can select."""
    with connect(as_reader(settings)) as connection:
        connection.autocommit = True
        return {relation for relation in relations(settings) if _is_readable(connection, relation)}


def _is_readable(connection: psycopg.Connection, relation: str) -> bool:
    look = sql.SQL("select * from {} limit 1").format(sql.Identifier(*relation.split(".")))
    try:
        connection.execute(look)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True

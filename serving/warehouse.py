"""The warehouse of the target `postgres`: a schema of the database that has the marts."""

from collections.abc import Collection
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from serving.marts import Mart
from serving.source import (
    HOUR_VERSIONS,
    UNFINISHED_BUILDS,
    WAREHOUSE,
    PublishFailed,
    finished,
    no_build,
    not_partitioned,
)
from stores.composing import names

COLUMNS = """
    select attname, format_type(atttypid, null)
    from pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
    order by attnum
"""


def columns_of(connection: psycopg.Connection, schema: str, table: str) -> dict[str, str]:
    """The type of each column, in order; empty if there is no such table."""
    return dict(connection.execute(COLUMNS, [f"{schema}.{table}"]).fetchall())


@dataclass(frozen=True, slots=True)
class WarehouseTable:
    mart: Mart
    columns: dict[str, str]

    def copy(self, connection: psycopg.Connection, into: sql.Composable, periods: Collection[str]) -> int:
        source = sql.Identifier(WAREHOUSE, self.mart.name)
        statement = sql.SQL("insert into {into} ({columns}) select {columns} from {source}").format(
            into=into, columns=names(self.columns), source=source
        )
        if not self.mart.period:
            return connection.execute(statement).rowcount
        statement += sql.SQL(" where {} = any(%s)").format(sql.Identifier(self.mart.period.column))
        return connection.execute(statement, [list(periods)]).rowcount


class Warehouse:
    """Tables that are read where they are: no row leaves PostgreSQL."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def hour_versions(self) -> dict[str, str]:
        try:
            versions: dict[str, str] = dict(self._connection.execute(HOUR_VERSIONS).fetchall())
            unfinished = self._connection.execute(UNFINISHED_BUILDS).fetchall()[0][0]
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            raise no_build("builds.hour_versions is not in PostgreSQL") from None
        except psycopg.Error as error:
            raise PublishFailed(f"PostgreSQL could not read builds.hour_versions: {str(error).strip()}") from error
        return finished(versions, unfinished)

    def table(self, mart: Mart) -> WarehouseTable:
        columns = columns_of(self._connection, WAREHOUSE, mart.name)
        if not columns:
            raise no_build(f"{WAREHOUSE}.{mart.name} is not in PostgreSQL")
        if mart.period and not columns.pop(mart.period.column, None):
            raise not_partitioned(f"{WAREHOUSE}.{mart.name}", mart.period.column)
        return WarehouseTable(mart, columns)

"""Rows of PostgreSQL: none while the table is not there yet."""

from collections.abc import Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.rows import RowFactory, class_row, tuple_row

from coinloom.settings import Settings
from stores.database import connect_to_look

Row = TypeVar("Row")


def read_rows(settings: Settings, kind: type[Row], query: str, values: Sequence[Any] = ()) -> list[Row]:
    """As a dataclass each. Raises DatabaseUnavailable."""
    return _read(settings, class_row(kind), query, values)


def read_tuples(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Raises DatabaseUnavailable."""
    return _read(settings, tuple_row, query, ())


def _read(settings: Settings, factory: RowFactory[Row], query: str, values: Sequence[Any]) -> list[Row]:
    with connect_to_look(settings) as connection:
        try:
            return connection.cursor(row_factory=factory).execute(query, values).fetchall()
        except psycopg.errors.UndefinedTable:
            return []

"""Rows of a table of PostgreSQL as a dataclass each."""

from collections.abc import Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from coinloom.settings import Settings
from stores.database import SOON_SECONDS, connect

Row = TypeVar("Row")


def read_rows(settings: Settings, kind: type[Row], query: str, values: Sequence[Any] = ()) -> list[Row]:
    """Empty while the table is not there yet. Raises DatabaseUnavailable."""
    with connect(settings, connect_timeout_seconds=SOON_SECONDS) as connection:
        try:
            return connection.cursor(row_factory=class_row(kind)).execute(query, values).fetchall()
        except psycopg.errors.UndefinedTable:
            return []

"""The dashboard's own connections: a few, as bi_reader, that can only read and never for long."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from stores.database import as_reader, parameters, unavailable

CONNECTIONS = 4
WAIT_SECONDS = 3
SESSION = "-c default_transaction_read_only=on -c statement_timeout=10s"

Row = dict[str, Any]


class MartMissing(CoinloomError):
    """A mart, or a column of one, that this dashboard reads is not there."""


class Database:
    """The marts as bi_reader sees them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = as_reader(settings)
        self._pool = ConnectionPool(
            kwargs=parameters(self._settings, connect_timeout_seconds=2, options=SESSION)
            | {"autocommit": True, "row_factory": dict_row},
            min_size=0,
            max_size=CONNECTIONS,
            timeout=WAIT_SECONDS,
            reconnect_timeout=WAIT_SECONDS,
            check=ConnectionPool.check_connection,
            open=False,
        )

    def read(self, query: Any, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """The rows of a query.

        Raises:
            DatabaseUnavailable: naming the settings to check.
            MartMissing: it says how to get it.
        """
        with self._connection() as connection:
            try:
                rows: list[Row] = connection.execute(query, values).fetchall()
            except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
                what = error.diag.message_primary or "a mart is missing"
                raise MartMissing(f"PostgreSQL says: {what}.") from None
        return rows

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        self._pool.open()
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise unavailable(self._settings, error) from None

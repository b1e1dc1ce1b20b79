"""The dashboard's own connections: a few, as bi_reader, that can only read and never for long."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from stores.database import DatabaseUnavailable, as_reader, connect, parameters, unavailable

CONNECTIONS = 4
CONNECT_SECONDS = 2
WAIT_SECONDS = 3
STATEMENT_SECONDS = 10
SESSION = f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS}s"

Row = dict[str, Any]

# What it says is in our errors; on the screen of `coinloom top` its lines would stand across the table.
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)


class MartMissing(CoinloomError):
    """A mart, or a column of one, that this dashboard reads is not there."""


class TookTooLong(CoinloomError):
    """PostgreSQL was reached, and ended a statement before its answer."""


class Database:
    """The marts as bi_reader sees them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = as_reader(settings)
        self._pool = ConnectionPool(
            kwargs=parameters(self._settings, connect_timeout_seconds=CONNECT_SECONDS, options=SESSION)
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
            TookTooLong: as it may only take STATEMENT_SECONDS.
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
        except psycopg.errors.QueryCanceled as error:
            said = error.diag.message_primary
            raise TookTooLong(f"The statement took longer than {STATEMENT_SECONDS} s, or was ended: {said}.") from None
        except PoolTimeout as error:
            raise self._why_none(error) from None
        except psycopg.OperationalError as error:
            raise unavailable(self._settings, error) from None

    def _why_none(self, error: PoolTimeout) -> DatabaseUnavailable:
        """What PostgreSQL says to one more connection: the pool says only that it has waited."""
        try:
            connect(self._settings, connect_timeout_seconds=CONNECT_SECONDS).close()
        except DatabaseUnavailable as why:
            return why
        return DatabaseUnavailable(f"PostgreSQL answers, but all {CONNECTIONS} connections are in use: {error}.")

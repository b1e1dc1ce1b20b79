"""Lands batches in PostgreSQL: each batch first into an empty side table, then in one transaction into the real ones.

The key of a landed row is its place in Kafka, so a batch that is repeated inserts nothing twice. As in the lake, no row
lands in an hour before the newest: builds read on from there.
"""

import psycopg
from psycopg import sql
from pyspark.sql import DataFrame
from pyspark.sql.types import TimestampType

from coinloom.settings import Settings
from spark_streaming.transforms import LANDING_COLUMNS, QUARANTINE_COLUMNS, rejected_rows, valid_rows
from stores.composing import names
from stores.database import connect, password

# A batch of statements is in memory at once, and what is in quarantine may have 1 MB a row.
ROWS_PER_STATEMENT = {"landing": 10_000, "quarantine": 100}
# A server that goes silent in the middle of a batch must not keep the tasks that the other sinks need.
SOCKET_TIMEOUT_SECONDS = 120


class PostgresSink:
    """Writes valid rows to `landing.crypto_prices` and the others to `quarantine.crypto_prices`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, classified: DataFrame, batch_id: int) -> None:  # noqa: ARG002 the key of a row is enough here
        with connect(self._settings) as connection:  # first: if it fails, it says what to do, and no task waits for it
            self._copy(valid_rows(classified), "landing")
            self._copy(rejected_rows(classified), "quarantine")
            _merge(connection, "landing", LANDING_COLUMNS)
            _merge(connection, "quarantine", QUARANTINE_COLUMNS)

    def _copy(self, rows: DataFrame, schema: str) -> None:
        settings = self._settings
        without_zone = [
            rows[field.name].cast("timestamp_ntz") if isinstance(field.dataType, TimestampType) else rows[field.name]
            for field in rows.schema
        ]
        writer = rows.select(without_zone).write.format("jdbc").mode("overwrite").option("truncate", True)
        url = f"jdbc:postgresql://{settings.postgres_host}:{settings.postgres_port}/{settings.postgres_db}"
        writer.options(
            url=url,
            driver="org.postgresql.Driver",
            dbtable=f"{schema}.crypto_prices_incoming",
            user=settings.postgres_user,
            password=password(settings) or "",
            batchsize=ROWS_PER_STATEMENT[schema],
            reWriteBatchedInserts="true",
            socketTimeout=SOCKET_TIMEOUT_SECONDS,
        ).save()


def _merge(connection: psycopg.Connection, schema: str, columns: list[str]) -> None:
    source = sql.Identifier(schema, "crypto_prices_incoming")
    connection.execute(
        sql.SQL(
            "insert into {target} ({names}, landed_hour) "
            "select {names}, greatest(to_char(landed_at, {hour}), (select max(landed_hour) from {target})) "
            "from {source} on conflict do nothing"
        ).format(
            target=sql.Identifier(schema, "crypto_prices"),
            names=names(columns),
            source=source,
            hour='YYYY-MM-DD"T"HH24',
        )
    )
    connection.execute(sql.SQL("truncate {}").format(source))

"""Writes updates as landing rows into both sinks, as the stream would leave them, without Kafka and Spark."""

from datetime import datetime
from itertools import count, islice
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet
from psycopg import sql
from pyarrow.fs import FileSystem

from coinloom.settings import Settings
from ingestion.messages import Source
from spark_streaming.transforms import LANDING_COLUMNS, QUARANTINE_COLUMNS
from stores.composing import names
from stores.database import connect
from stores.lake_files import PARTITION, arrow_address

INSTANT = pa.timestamp("us", tz="UTC")
TYPES = {
    "kafka_partition": pa.int32(),
    "kafka_offset": pa.int64(),
    "market_cap_rank": pa.int32(),
    "is_event_time_imputed": pa.bool_(),
    **dict.fromkeys(("price", "market_cap", "volume_24h", "high_24h", "low_24h", "price_change_24h_pct"), pa.float64()),
    **dict.fromkeys(("produced_at", "last_updated_at", "fetched_at", "landed_at"), INSTANT),
}
SCHEMA = pa.schema([(name, TYPES.get(name, pa.string())) for name in LANDING_COLUMNS])

# What an update has unless it says otherwise.
DEFAULTS = {
    "symbol": pl.col("coin_id").str.slice(0, 4),
    "name": pl.col("coin_id").str.to_titlecase(),
    "market_cap": pl.lit(1e9),
    "market_cap_rank": pl.lit(1),
    "volume_24h": pl.lit(1e6),
    "high_24h": pl.col("price"),
    "low_24h": pl.col("price"),
    "price_change_24h_pct": pl.lit(0.0),
    "is_event_time_imputed": pl.lit(False),
    "fetched_at": pl.col("last_updated_at").dt.offset_by("20s"),
    "poll_id": pl.lit("00000000-0000-0000-0000-000000000000"),
    "source": pl.lit(Source.LIVE.value),
    "schema_version": pl.lit("1.0"),
}
# They follow `fetched_at`, whether it is given or not. A batch has one `landed_at`.
LATER_DEFAULTS = {
    "produced_at": pl.col("fetched_at").dt.offset_by("100ms"),
    "landed_at": pl.max("fetched_at").dt.offset_by("5s"),
}


class Offsets:
    """The places in one partition of a topic, each handed out once."""

    def __init__(self, topic: str = "crypto-prices", partition: int = 0) -> None:
        self._topic = topic
        self._partition = partition
        self._next = count()

    def place(self, updates: pl.DataFrame) -> pl.DataFrame:
        """The updates, each at a new offset."""
        offsets = pl.Series("kafka_offset", islice(self._next, updates.height), dtype=pl.Int64)
        topic, partition = pl.lit(self._topic), pl.lit(self._partition)
        return updates.with_columns(offsets, kafka_topic=topic, kafka_partition=partition)


def rejected_rows(offsets: Offsets, instant: datetime) -> pa.Table:
    """One message that is no JSON, as it is in quarantine."""
    message = {"raw_key": b"bitcoin", "raw_value": b"garbage", "reason": "not_json", "poll_id": None}
    headers = {"source": Source.LIVE.value, "schema_version": "1.0"}
    times = {"produced_at": instant, "landed_at": instant}
    return offsets.place(pl.DataFrame([message | headers | times])).select(QUARANTINE_COLUMNS).to_arrow()


def landing_rows(updates: pl.DataFrame, offsets: Offsets) -> pa.Table:
    """One batch: the updates with every column of landing. Timestamps are UTC, without zone before, with it after."""
    rows = offsets.place(updates)
    for defaults in (DEFAULTS, LATER_DEFAULTS):
        rows = rows.with_columns(**{name: value for name, value in defaults.items() if name not in rows.columns})
    in_utc = rows.with_columns(pl.selectors.datetime().dt.replace_time_zone("UTC"))
    return in_utc.select(LANDING_COLUMNS).to_arrow().cast(SCHEMA)


def land(rows: pa.Table, settings: Settings, landed_hour: datetime, schema: str = "landing") -> None:
    """Land the rows, or put them in quarantine, in both sinks, as one batch of that hour."""
    hour = f"{landed_hour:%Y-%m-%dT%H}"
    _land_parquet(rows, f"{settings.lake}/{schema}/crypto_prices/{PARTITION}={hour}")
    _land_postgres(rows.append_column(PARTITION, pa.repeat(hour, rows.num_rows)), settings, schema)


def _land_parquet(rows: pa.Table, location: str) -> None:
    lake, folder = FileSystem.from_uri(arrow_address(location))
    lake.create_dir(folder)
    pyarrow.parquet.write_table(rows, f"{folder}/{uuid4()}.parquet", filesystem=lake, store_schema=False)


def _land_postgres(rows: pa.Table, settings: Settings, schema: str) -> None:
    table = sql.Identifier(schema, "crypto_prices")
    statement = sql.SQL("copy {} ({}) from stdin").format(table, names(rows.column_names))
    with connect(settings) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows.to_pylist():
            copy.write_row(tuple(row.values()))

"""From raw Kafka messages to typed rows, each either valid or with one named reason why it is not.

Frames in, frames out: nothing here reads, writes or knows a cluster. The columns at each step:

* a message: `key`, `value` (binary), `topic`, `partition`, `offset`, `timestamp`, `headers` (Spark's Kafka source)
* a classified row: the landing columns, `raw_key`, `raw_value` and `reason` (null when the row is valid)
"""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SUPPORTED_MAJOR_VERSION = "1"
MAX_EVENT_TIME_AHEAD_SECONDS = 60

# One instant, with date, time and zone; Spark's own cast would also take "2026" for a timestamp.
ISO_8601_INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$"

KAFKA_COLUMNS = ["kafka_topic", "kafka_partition", "kafka_offset", "produced_at"]
HEADER_COLUMNS = ["poll_id", "source", "schema_version"]

LANDING_COLUMNS = [
    *KAFKA_COLUMNS,
    "coin_id",
    "symbol",
    "name",
    "vs_currency",
    "price",
    "market_cap",
    "market_cap_rank",
    "volume_24h",
    "high_24h",
    "low_24h",
    "last_updated_at",
    "is_event_time_imputed",
    "fetched_at",
    *HEADER_COLUMNS,
    "landed_at",
]

QUARANTINE_COLUMNS = [*KAFKA_COLUMNS, "raw_key", "raw_value", *HEADER_COLUMNS, "reason", "landed_at"]


def classify(messages: DataFrame) -> DataFrame:
    """Type every message and give the first reason that applies, or null, in the column `reason`."""
    return _with_reason(_with_fields(_with_json(messages))).withColumn(
        "landed_at", _milliseconds(F.current_timestamp())
    )


def valid_rows(classified: DataFrame) -> DataFrame:
    """The rows for landing: `LANDING_COLUMNS`, one row per valid message."""
    return classified.where("reason is null").select(LANDING_COLUMNS)


def rejected_rows(classified: DataFrame) -> DataFrame:
    """The rows for quarantine: `QUARANTINE_COLUMNS`, one row per message that is not valid."""
    return classified.where("reason is not null").select(QUARANTINE_COLUMNS)


def _with_json(messages: DataFrame) -> DataFrame:
    return messages.select(
        F.col("topic").alias("kafka_topic"),
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        _milliseconds(F.col("timestamp")).alias("produced_at"),
        F.col("key").alias("raw_key"),
        F.col("value").alias("raw_value"),
        _header("schema-version").alias("schema_version"),
        _header("poll-id").alias("poll_id"),
        _header("source").alias("source"),
        F.try_parse_json(F.try_validate_utf8(F.col("value").cast("string"))).alias("json"),
    )


def _with_fields(messages: DataFrame) -> DataFrame:
    fetched_at, event_time = _instant("fetched_at"), _instant("last_updated_at")
    return messages.select(
        "*",
        _text("coin_id").alias("coin_id"),
        _text("symbol").alias("symbol"),
        _text("name").alias("name"),
        _text("vs_currency").alias("vs_currency"),
        _number("price").alias("price"),
        _number("market_cap").alias("market_cap"),
        F.expr("try_variant_get(json, '$.market_cap_rank', 'int')").alias("market_cap_rank"),
        _number("volume_24h").alias("volume_24h"),
        _number("high_24h").alias("high_24h"),
        _number("low_24h").alias("low_24h"),
        F.when(_is_null("last_updated_at"), fetched_at).otherwise(event_time).alias("last_updated_at"),
        _is_null("last_updated_at").alias("is_event_time_imputed"),
        fetched_at.alias("fetched_at"),
    )


def _with_reason(rows: DataFrame) -> DataFrame:
    major_version = F.split_part("schema_version", F.lit("."), F.lit(1))
    max_event_time = F.col("fetched_at") + F.expr(f"interval {MAX_EVENT_TIME_AHEAD_SECONDS} seconds")
    reasons: list[tuple[str, Column]] = [
        ("unknown_schema_version", ~major_version.eqNullSafe(SUPPORTED_MAJOR_VERSION)),
        ("not_json", F.col("json").isNull()),
        ("not_an_object", ~F.schema_of_variant("json").startswith("OBJECT")),
        ("missing_coin_id", _is_blank("coin_id")),
        ("missing_vs_currency", _is_blank("vs_currency")),
        ("missing_price", _is_null("price")),
        ("invalid_price", F.col("price").isNull() | (F.col("price") <= 0)),
        ("unreadable_timestamp", F.col("fetched_at").isNull() | F.col("last_updated_at").isNull()),
        ("event_time_in_the_future", F.col("last_updated_at") > max_event_time),
    ]
    first, *others = reasons
    chain = reduce(lambda built, item: built.when(item[1], item[0]), others, F.when(first[1], first[0]))
    return rows.withColumn("reason", chain)


def _header(name: str) -> Column:
    values = F.filter("headers", lambda header: header["key"] == name)
    return _storable(F.try_element_at(values, F.lit(1))["value"].cast("string"))


def _field(name: str) -> Column:
    return F.expr(f"try_variant_get(json, '$.{name}', 'variant')")


def _is_null(name: str) -> Column:
    """True for a field that is absent or the JSON null."""
    return F.coalesce(F.is_variant_null(_field(name)), F.lit(True)) | _field(name).isNull()


def _text(name: str) -> Column:
    """The field when it is a JSON string, else null."""
    is_string = F.schema_of_variant(_field(name)) == "STRING"
    return F.when(is_string, _storable(F.expr(f"try_variant_get(json, '$.{name}', 'string')")))


def _number(name: str) -> Column:
    """The field as a double when it is a finite JSON number, else null."""
    is_number = F.schema_of_variant(_field(name)).rlike("^(BIGINT|DOUBLE|DECIMAL)")
    value = F.expr(f"try_variant_get(json, '$.{name}', 'double')")
    return F.when(is_number & (F.abs(value) < float("inf")), value)


def _instant(name: str) -> Column:
    text = _text(name)
    return F.when(text.rlike(ISO_8601_INSTANT), _milliseconds(F.try_to_timestamp(text)))


def _storable(text: Column) -> Column:
    """The text when it is UTF-8 without the NUL character, which PostgreSQL cannot hold; else null."""
    return F.when(~F.contains(text, F.lit("\0")), F.try_validate_utf8(text))


def _is_blank(name: str) -> Column:
    return F.col(name).isNull() | (F.trim(F.col(name)) == "")


def _milliseconds(instant: Column) -> Column:
    return F.date_trunc("millisecond", instant)

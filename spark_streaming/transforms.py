"""From raw Kafka messages to typed rows, each either valid or with one named reason why it is not.

Frames in, frames out: nothing here reads, writes or knows a cluster. The columns at each step:

* a message: `key`, `value` (binary), `topic`, `partition`, `offset`, `timestamp`, `headers` (Spark's Kafka source) and
  `landed_at`, one value for the batch
* a classified row: the landing columns, `raw_key`, `raw_value` and `reason` (null when the row is valid)
"""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SUPPORTED_MAJOR_VERSION = "1"
MAX_EVENT_TIME_AHEAD_SECONDS = 60

# Far beyond any price, and far enough from the limits of a double for the sums and squares of the indicators.
MIN_PRICE, MAX_PRICE = 1e-30, 1e30

# One instant, with date, time and zone; Spark's own cast would also take "2026" for a timestamp.
ISO_8601_INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$"

# A field of another type than this is null, and the whole text goes to `malformed`, as when it is no JSON at all.
# The two that make up the key are taken as they are, because a number or an object would silently become text.
MESSAGE_FIELDS = """
    coin_id variant, symbol string, name string, vs_currency variant,
    price double, market_cap double, market_cap_rank double, volume_24h double, high_24h double, low_24h double,
    last_updated_at string, fetched_at string, malformed string
"""

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
    return _with_reason(_with_fields(_with_json(messages)))


def valid_rows(classified: DataFrame) -> DataFrame:
    """The rows for landing: `LANDING_COLUMNS`, one row per valid message."""
    return classified.where("reason is null").select(LANDING_COLUMNS)


def rejected_rows(classified: DataFrame) -> DataFrame:
    """The rows for quarantine: `QUARANTINE_COLUMNS`, one row per message that is not valid."""
    return classified.where("reason is not null").select(QUARANTINE_COLUMNS)


def _with_json(messages: DataFrame) -> DataFrame:
    options = {"columnNameOfCorruptRecord": "malformed", "allowNonNumericNumbers": "false"}
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
        F.try_validate_utf8(F.col("value").cast("string")).alias("text"),
        _milliseconds(F.col("landed_at")).alias("landed_at"),
    ).withColumn("json", F.from_json("text", MESSAGE_FIELDS, options))


def _with_fields(messages: DataFrame) -> DataFrame:
    fetched_at, event_time = _instant("json.fetched_at"), _instant("json.last_updated_at")
    is_imputed = F.col("json.last_updated_at").isNull()
    return messages.select(
        "*",
        _text("json.coin_id").alias("coin_id"),
        _storable(F.col("json.symbol")).alias("symbol"),
        _storable(F.col("json.name")).alias("name"),
        _text("json.vs_currency").alias("vs_currency"),
        _finite("json.price").alias("price"),
        _finite("json.market_cap").alias("market_cap"),
        _finite("json.market_cap_rank").cast("int").alias("market_cap_rank"),
        _finite("json.volume_24h").alias("volume_24h"),
        _finite("json.high_24h").alias("high_24h"),
        _finite("json.low_24h").alias("low_24h"),
        F.when(is_imputed, fetched_at).otherwise(event_time).alias("last_updated_at"),
        is_imputed.alias("is_event_time_imputed"),
        fetched_at.alias("fetched_at"),
    )


def _with_reason(rows: DataFrame) -> DataFrame:
    is_malformed = F.col("json.malformed").isNotNull()
    # Parsed a second time, only for the few rows where something is wrong: it tells what.
    variant = F.try_parse_json("text")
    is_array = F.ltrim("text").startswith("[")
    price_type = F.coalesce(F.schema_of_variant(F.try_variant_get(variant, "$.price", "variant")), F.lit("VOID"))
    major_version = F.split_part("schema_version", F.lit("."), F.lit(1))
    max_event_time = F.col("fetched_at") + F.expr(f"interval {MAX_EVENT_TIME_AHEAD_SECONDS} seconds")
    reasons: list[tuple[str, Column]] = [
        ("unknown_schema_version", ~major_version.eqNullSafe(SUPPORTED_MAJOR_VERSION)),
        ("not_json", F.col("json").isNull() | (is_malformed & variant.isNull())),
        ("not_an_object", (is_malformed | is_array) & ~F.schema_of_variant(variant).startswith("OBJECT")),
        ("missing_coin_id", _is_blank("coin_id")),
        ("missing_vs_currency", _is_blank("vs_currency")),
        ("missing_price", F.col("json.price").isNull() & (~is_malformed | (price_type == "VOID"))),
        ("invalid_price", F.col("price").isNull() | ~F.col("price").between(MIN_PRICE, MAX_PRICE)),
        ("unreadable_timestamp", F.col("fetched_at").isNull() | F.col("last_updated_at").isNull()),
        ("event_time_in_the_future", F.col("last_updated_at") > max_event_time),
    ]
    first, *others = reasons
    chain = reduce(lambda built, item: built.when(item[1], item[0]), others, F.when(first[1], first[0]))
    return rows.withColumn("reason", chain)


def _header(name: str) -> Column:
    values = F.filter("headers", lambda header: header["key"] == name)
    return _storable(F.try_element_at(values, F.lit(1))["value"].cast("string"))


def _text(field: str) -> Column:
    """A field that must be a JSON string: null when it is anything else."""
    is_string = F.schema_of_variant(F.col(field)) == "STRING"
    return F.when(is_string, _storable(F.try_variant_get(F.col(field), "$", "string")))


def _finite(field: str) -> Column:
    return F.when(F.abs(F.col(field)) < float("inf"), F.col(field))


def _instant(field: str) -> Column:
    text = F.col(field)
    return F.when(text.rlike(ISO_8601_INSTANT), _milliseconds(F.try_to_timestamp(text)))


def _storable(text: Column) -> Column:
    """The text when it is UTF-8 without the NUL character, which PostgreSQL cannot hold; else null."""
    return F.when(~F.contains(text, F.lit("\0")), F.try_validate_utf8(text))


def _is_blank(name: str) -> Column:
    return F.col(name).isNull() | (F.trim(F.col(name)) == "")


def _milliseconds(instant: Column) -> Column:
    return F.date_trunc("millisecond", instant)

"""From raw Kafka messages to typed rows, each either valid or with one named reason why it is not.

Frames in, frames out: nothing here reads, writes or knows a cluster. The columns at each step:

* a message: `key`, `value` (binary), `topic`, `partition`, `offset`, `timestamp`, `headers` (Spark's Kafka source) and
  `landed_at`, one value for the batch
* a classified row: the landing columns, `raw_key`, `raw_value` and `reason` (null when the row is valid)
"""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from quarantine.reasons import Reason

SUPPORTED_MAJOR_VERSION = "1"
MAX_EVENT_TIME_AHEAD_SECONDS = 60
# A build looks at each hour that the clock of the market has passed: a message from the year 9999 would stop it.
MAX_FETCH_TIME_AHEAD_HOURS = 24
FIRST_YEAR, LAST_YEAR = 1970, 9999  # Spark's JDBC takes some days of October 1582 for others

# Far beyond any price, and far enough from the limits of a double for the sums and squares of the indicators.
MIN_PRICE, MAX_PRICE = 1e-30, 1e30

# In characters. The key of a mart must fit into an index of PostgreSQL, and a batch of rows into memory: one message
# must not be able to stop them all. The longest id of CoinGecko has about 100.
MAX_KEY_LENGTH, MAX_TEXT_LENGTH = 255, 1_000

# One instant, with date, time and zone; Spark's own cast would also take "2026" for a timestamp.
ISO_8601_INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})\z"

# A field of another type than this is null, and the whole text goes to `malformed`, as when it is no JSON at all.
# The two that make up the key are taken as they are, because a number or an object would silently become text.
MESSAGE_FIELDS = """
    coin_id variant, symbol string, name string, vs_currency variant,
    price double, market_cap double, market_cap_rank double, volume_24h double, high_24h double, low_24h double,
    last_updated_at string, fetched_at string, malformed string
"""

STRICT_JSON = {
    "columnNameOfCorruptRecord": "malformed",
    "allowNonNumericNumbers": "false",
    "allowSingleQuotes": "false",
}

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
    ).withColumn("json", F.from_json("text", MESSAGE_FIELDS, STRICT_JSON))


def _with_fields(messages: DataFrame) -> DataFrame:
    fetched_at, event_time = _instant("json.fetched_at"), _instant("json.last_updated_at")
    is_imputed = F.col("json.last_updated_at").isNull()
    return messages.select(
        "*",
        _key("json.coin_id").alias("coin_id"),
        _storable(F.col("json.symbol")).alias("symbol"),
        _storable(F.col("json.name")).alias("name"),
        _key("json.vs_currency").alias("vs_currency"),
        _finite("json.price").alias("price"),
        _finite("json.market_cap").alias("market_cap"),
        _finite("json.market_cap_rank").try_cast("int").alias("market_cap_rank"),
        _finite("json.volume_24h").alias("volume_24h"),
        _finite("json.high_24h").alias("high_24h"),
        _finite("json.low_24h").alias("low_24h"),
        F.when(is_imputed, fetched_at).otherwise(event_time).alias("last_updated_at"),
        is_imputed.alias("is_event_time_imputed"),
        fetched_at.alias("fetched_at"),
    )


def _with_reason(rows: DataFrame) -> DataFrame:
    is_object, is_malformed = F.col("text").rlike(r"^\s*\{"), F.col("json.malformed").isNotNull()
    # Parsed a second time, only for the few rows where something is wrong: it tells what.
    variant = F.try_parse_json("text")
    price_type = F.coalesce(F.schema_of_variant(F.try_variant_get(variant, "$.price", "variant")), F.lit("VOID"))
    is_price_there = is_malformed & (variant.isNull() | (price_type != "VOID"))
    major_version = F.split_part("schema_version", F.lit("."), F.lit(1))
    max_event_time = F.col("fetched_at") + F.expr(f"interval {MAX_EVENT_TIME_AHEAD_SECONDS} seconds")
    max_fetch_time = F.col("landed_at") + F.expr(f"interval {MAX_FETCH_TIME_AHEAD_HOURS} hours")
    is_ahead = (F.col("last_updated_at") > max_event_time) | (F.col("fetched_at") > max_fetch_time)
    reasons: list[tuple[Reason, Column]] = [
        (Reason.UNKNOWN_SCHEMA_VERSION, ~major_version.eqNullSafe(SUPPORTED_MAJOR_VERSION)),
        (Reason.NOT_JSON, ~_is_json() | (is_object & is_malformed & ~_is_strict_json())),
        (Reason.NOT_AN_OBJECT, ~is_object),
        (Reason.MISSING_COIN_ID, _is_blank("coin_id")),
        (Reason.MISSING_VS_CURRENCY, _is_blank("vs_currency")),
        (Reason.MISSING_PRICE, F.col("json.price").isNull() & ~is_price_there),
        (Reason.INVALID_PRICE, F.col("price").isNull() | ~F.col("price").between(MIN_PRICE, MAX_PRICE)),
        (Reason.UNREADABLE_TIMESTAMP, F.col("fetched_at").isNull() | F.col("last_updated_at").isNull()),
        (Reason.EVENT_TIME_IN_THE_FUTURE, is_ahead),
    ]
    (first, applies), *others = reasons
    chain = reduce(lambda built, item: built.when(item[1], item[0].value), others, F.when(applies, first.value))
    return rows.withColumn("reason", chain)


def _is_json() -> Column:
    """Up to its very end, after which `from_json` would not mind anything: so it is the first of two elements here."""
    elements = F.json_array_length(F.concat(F.lit("["), "text", F.lit(",0]")))
    return F.coalesce(elements == len(["text", 0]), F.lit(False))


def _is_strict_json() -> Column:
    """For an object: without single quotes and control characters. No field is asked for, so none has a wrong type."""
    return F.from_json("text", "malformed string", STRICT_JSON)["malformed"].isNull()


def _header(name: str) -> Column:
    values = F.filter("headers", lambda header: header["key"] == name)
    return _storable(F.try_element_at(values, F.lit(1))["value"].cast("string"))


def _key(field: str) -> Column:
    """A part of the key, which must be a JSON string that is not too long: null when it is anything else."""
    is_string = F.schema_of_variant(F.col(field)) == "STRING"
    text = F.try_variant_get(F.col(field), "$", "string")
    return F.when(is_string & (F.length(text) <= MAX_KEY_LENGTH), _storable(text))


def _finite(field: str) -> Column:
    return F.when(F.abs(F.col(field)) < float("inf"), F.col(field))


def _instant(field: str) -> Column:
    """Null when it is no instant, or one in a year that Python, SQL, JDBC and CSV do not agree on."""
    text = F.col(field)
    instant = F.when(text.rlike(ISO_8601_INSTANT), _milliseconds(F.try_to_timestamp(text)))
    return F.when(F.year(instant).between(FIRST_YEAR, LAST_YEAR), instant)


def _storable(text: Column) -> Column:
    """The text if it is UTF-8, not too long, and without the NUL character, which PostgreSQL cannot hold; else null."""
    is_storable = ~F.contains(text, F.lit("\0")) & (F.length(text) <= MAX_TEXT_LENGTH)
    return F.when(is_storable, F.try_validate_utf8(text))


def _is_blank(name: str) -> Column:
    return F.col(name).isNull() | (F.trim(F.col(name)) == "")


def _milliseconds(instant: Column) -> Column:
    return F.date_trunc("millisecond", instant)

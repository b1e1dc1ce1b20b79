"""From raw Kafka messages to typed rows, each either valid or with one named reason why it is not.

Frames in, frames out: nothing here reads, writes or knows a cluster. The columns at each step:

* a message: `key`, `value` (binary), `topic`, `partition`, `offset`, `timestamp`, `headers` (Spark's Kafka source) and
  `landed_at`, one value for the batch
* a classified row: the landing columns, `raw_key`, `raw_value` and `reason` (null when the row is valid)
* a staged row: the landing columns and `is_rejected`
"""

from datetime import UTC, datetime
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from quarantine.reasons import Reason

SUPPORTED_MAJOR_VERSION = "1"
MAX_EVENT_TIME_AHEAD_SECONDS = 60
# A build looks at each hour that the clock of the market has passed: a message from the year 9999 would stop it.
MAX_FETCH_TIME_AHEAD_HOURS = 24
FIRST_INSTANT, LAST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

# Far beyond any price, and far enough from the limits of a double for the sums and squares of the indicators.
MIN_PRICE, MAX_PRICE = 1e-30, 1e30

# In characters. The key of a mart must fit into an index of PostgreSQL, and a batch of rows into memory: one message
# must not be able to stop them all. The longest id of CoinGecko has about 100.
MAX_KEY_LENGTH, MAX_TEXT_LENGTH = 255, 1_000

# One instant, with date, time and zone; Spark's own cast would also take "2026" for a timestamp.
ISO_8601_INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})\z"

# A field of another type than this is null, and the whole text goes to `malformed`, as when it is no JSON at all.
MESSAGE_FIELDS = """
    coin_id string, symbol string, name string, vs_currency string,
    price double, market_cap double, market_cap_rank double, volume_24h double, high_24h double, low_24h double,
    price_change_24h_pct double,
    last_updated_at string, fetched_at string, malformed string
"""

STRICT_JSON = {
    "columnNameOfCorruptRecord": "malformed",
    "allowNonNumericNumbers": "false",
    "allowSingleQuotes": "false",
}

# How the text begins that `from_json` makes of a number, an object or an array; of the rest it makes these.
MAYBE_NO_STRING, NO_STRING = "-0123456789{[", ("true", "false")

# In the order of ingestion.messages, in which they are found without a search.
HEADERS = ("schema-version", "poll-id", "source")

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
    "price_change_24h_pct",
    "last_updated_at",
    "is_event_time_imputed",
    "fetched_at",
    *HEADER_COLUMNS,
    "landed_at",
]

IS_REJECTED = "is_rejected"
STAGED_INSTEAD = {"reason": "coin_id", "raw_key": "symbol", "raw_value": "name"}
QUARANTINE_COLUMNS = [*KAFKA_COLUMNS, "raw_key", "raw_value", *HEADER_COLUMNS, "reason", "landed_at"]


def staged_rows(messages: DataFrame) -> DataFrame:
    """Every message as one row: `LANDING_COLUMNS` and `is_rejected`.

    What only a rejected row has is in columns that only a valid one needs (`STAGED_INSTEAD`), bytes in hexadecimal.
    """
    classified = _classify(messages)
    is_rejected = F.col("reason").isNotNull()
    instead = {"coin_id": F.col("reason"), "symbol": F.hex("raw_key"), "name": F.hex("raw_value")}
    columns = [
        F.when(is_rejected, instead[name]).otherwise(F.col(name)).alias(name) if name in instead else F.col(name)
        for name in LANDING_COLUMNS
    ]
    return classified.select(*columns, is_rejected.alias(IS_REJECTED))


def rejected_rows(staged: DataFrame) -> DataFrame:
    """The rows for quarantine, `QUARANTINE_COLUMNS`, out of those that were staged as rejected."""
    columns = {name: F.col(STAGED_INSTEAD.get(name, name)) for name in QUARANTINE_COLUMNS}
    columns |= {name: F.unhex(columns[name]) for name in ("raw_key", "raw_value")}
    return staged.select([column.alias(name) for name, column in columns.items()])


def _classify(messages: DataFrame) -> DataFrame:
    """Type every message and give the first reason that applies, or null, in the column `reason`."""
    return _with_reason(_with_fields(_with_json(messages)))


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
        _key("coin_id").alias("coin_id"),
        _storable(F.col("json.symbol")).alias("symbol"),
        _storable(F.col("json.name")).alias("name"),
        _key("vs_currency").alias("vs_currency"),
        _finite("json.price").alias("price"),
        _finite("json.market_cap").alias("market_cap"),
        _finite("json.market_cap_rank").try_cast("int").alias("market_cap_rank"),
        _finite("json.volume_24h").alias("volume_24h"),
        _finite("json.high_24h").alias("high_24h"),
        _finite("json.low_24h").alias("low_24h"),
        _finite("json.price_change_24h_pct").alias("price_change_24h_pct"),
        F.when(is_imputed, fetched_at).otherwise(event_time).alias("last_updated_at"),
        is_imputed.alias("is_event_time_imputed"),
        fetched_at.alias("fetched_at"),
    )


def _with_reason(rows: DataFrame) -> DataFrame:
    is_object = (F.substring("text", 1, 1) == "{") | F.col("text").rlike(r"^\s*\{")
    is_malformed = F.col("json.malformed").isNotNull()
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
        (Reason.NOT_JSON, ~_is_json(is_malformed) | (is_object & is_malformed & ~_is_strict_json())),
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


def _is_json(is_malformed: Column) -> Column:
    """Up to its very end, after which `from_json` would not mind anything.

    If its only closing brace is its last byte, it ends with the object that was read. Otherwise it has to be the first
    of two elements of an array.
    """
    last = F.octet_length("raw_value")
    has_brace_before = F.contains(F.substring("raw_value", F.lit(1), last - 1).cast("string"), F.lit("}"))
    is_read = F.col("json").isNotNull() & ~is_malformed
    ends_with_its_object = is_read & (F.substring("raw_value", last, F.lit(1)) == b"}") & ~has_brace_before
    elements = F.json_array_length(F.concat(F.lit("["), "text", F.lit(",0]")))
    return F.coalesce(ends_with_its_object, F.lit(False)) | F.coalesce(elements == len(["text", 0]), F.lit(False))


def _is_strict_json() -> Column:
    """For an object: without single quotes and control characters. No field is asked for, so none has a wrong type."""
    return F.from_json("text", "malformed string", STRICT_JSON)["malformed"].isNull()


def _header(name: str) -> Column:
    """The first of that name."""
    are_ours = reduce(and_, (F.get("headers", F.lit(at))["key"] == ours for at, ours in enumerate(HEADERS)))
    in_its_place = F.get("headers", F.lit(HEADERS.index(name)))
    found = F.get(F.filter("headers", lambda header: header["key"] == name), F.lit(0))
    return _storable(F.when(are_ours, in_its_place["value"]).otherwise(found["value"]).cast("string"))


def _key(field: str) -> Column:
    """A part of the key, which must be a JSON string that is not too long: null when it is anything else.

    Where `from_json` may have made text of something else, or of half a letter, the message is looked at again.
    """
    text, again = F.col(f"json.{field}"), F.from_json("text", f"{field} variant", STRICT_JSON)[field]
    as_string = F.when(F.schema_of_variant(again) == "STRING", F.try_variant_get(again, "$", "string"))
    maybe_no_string = F.substring(text, 1, 1).isin(*MAYBE_NO_STRING) | text.isin(*NO_STRING)
    maybe_half_a_letter = F.contains("text", F.lit("\\u"))
    return _storable(F.when(maybe_no_string | maybe_half_a_letter, as_string).otherwise(text), MAX_KEY_LENGTH)


def _finite(field: str) -> Column:
    return F.when(F.abs(F.col(field)) < float("inf"), F.col(field))


def _instant(field: str) -> Column:
    """Null when it is no instant, or one in a year that Python, SQL and CSV do not agree on."""
    text = F.col(field)
    instant = F.when(text.rlike(ISO_8601_INSTANT), _milliseconds(F.try_to_timestamp(text)))
    return F.when(instant.between(FIRST_INSTANT, LAST_INSTANT), instant)


def _storable(text: Column, max_length: int = MAX_TEXT_LENGTH) -> Column:
    """The text if it is UTF-8, not too long, and without the NUL character, which PostgreSQL cannot hold; else null."""
    is_short = (F.octet_length(text) <= max_length) | (F.length(text) <= max_length)  # bytes are known, letters counted
    return F.when(is_short & ~F.contains(text, F.lit("\0")), F.try_validate_utf8(text))


def _is_blank(name: str) -> Column:
    return F.col(name).isNull() | (F.trim(F.col(name)) == "")


def _milliseconds(instant: Column) -> Column:
    return F.date_trunc("millisecond", instant)

"""Why a message is in quarantine. Needs no Spark, so that commands can name the reasons."""

from enum import StrEnum


class Reason(StrEnum):
    """The first one that applies, in this order, is the reason of a message."""

    UNKNOWN_SCHEMA_VERSION = "unknown_schema_version"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_COIN_ID = "missing_coin_id"
    MISSING_VS_CURRENCY = "missing_vs_currency"
    MISSING_PRICE = "missing_price"
    INVALID_PRICE = "invalid_price"
    UNREADABLE_TIMESTAMP = "unreadable_timestamp"
    EVENT_TIME_IN_THE_FUTURE = "event_time_in_the_future"

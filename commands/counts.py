"""How many rows each stage of the path holds."""

from dataclasses import dataclass
from typing import Any

from coinloom.settings import Settings, Target
from ingestion.topic import topic_ends
from stores.database import connect
from stores.thrift import open_cursor

LANDED = "select count(*) from landing.crypto_prices"
QUARANTINED = "select count(*) from quarantine.crypto_prices"
UPDATES = "select count(*) from intermediate.int_prices"
BARS = "select count(*) from warehouse.crypto_table"
PUBLISHED = "select count(*) from marts.crypto_table"


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows per stage: Kafka messages, landed and quarantined rows, distinct updates, minute bars, published bars."""

    messages: int
    landed: int
    quarantined: int
    updates: int
    bars: int
    published: int

    def described(self) -> list[tuple[str, int]]:
        return [
            ("messages on the Kafka topic", self.messages),
            ("rows in landing", self.landed),
            ("rows in quarantine", self.quarantined),
            ("distinct price updates", self.updates),
            ("minute bars, filled ones included", self.bars),
            ("rows of marts.crypto_table in PostgreSQL", self.published),
        ]


def count_rows(settings: Settings) -> Counts:
    """Count every stage on the settings' target."""
    landed, quarantined, updates, bars = _count_target(settings, [LANDED, QUARANTINED, UPDATES, BARS])
    (published,) = _count_postgres(settings, [PUBLISHED])
    return Counts(count_messages(settings), landed, quarantined, updates, bars, published)


def count_messages(settings: Settings) -> int:
    """All messages ever written to the topic."""
    return sum(topic_ends(settings).values())


def _count_target(settings: Settings, queries: list[str]) -> list[int]:
    if settings.dbt_target is Target.POSTGRES:
        return _count_postgres(settings, queries)
    with open_cursor(settings) as cursor:
        return [_first(cursor, query) for query in queries]


def _count_postgres(settings: Settings, queries: list[str]) -> list[int]:
    with connect(settings) as connection, connection.cursor() as cursor:
        return [_first(cursor, query) for query in queries]


def _first(cursor: Any, query: str) -> int:
    cursor.execute(query)
    return int(cursor.fetchone()[0])

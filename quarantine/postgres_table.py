"""The quarantine in PostgreSQL."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from psycopg.errors import UndefinedTable

from coinloom.settings import Settings, Sink
from quarantine.contents import (
    MESSAGE,
    MESSAGES_PER_BATCH,
    PLACE,
    ByHour,
    Quarantine,
    QuarantinedMessage,
    ReasonCount,
)
from stores.database import connect
from stores.landed_rows import hours_with_rows

Answer = TypeVar("Answer")

# The place of one message of each batch is at hand when its rows are counted.
COUNT = """
    with batches as (
        select
            landed_hour, reason, landed_at, kafka_topic, kafka_partition,
            count(*) as messages, max(kafka_offset) as kafka_offset
        from quarantine.crypto_prices
        where landed_hour = any(%s)
        group by landed_hour, reason, landed_at, kafka_topic, kafka_partition
    )

    select distinct on (landed_hour, reason)
        landed_hour,
        reason,
        sum(messages) over same_reason,
        min(landed_at) over same_reason,
        landed_at,
        concat_ws('/', kafka_topic, kafka_partition, kafka_offset)
    from batches
    window same_reason as (partition by landed_hour, reason)
    order by landed_hour, reason, landed_at desc
"""
MESSAGES = f"""
    select {", ".join(MESSAGE)}
    from quarantine.crypto_prices
    where landed_hour >= %(since_hour)s and (cardinality(%(reasons)s::text[]) = 0 or reason = any(%(reasons)s))
    order by {", ".join(PLACE)}
"""  # noqa: S608 our own names


class QuarantineTable(Quarantine):
    """`quarantine.crypto_prices`, through connections that `connect` opens. Empty if it is not there."""

    def __init__(self, settings: Settings, connect: Callable[[Settings], psycopg.Connection] = connect) -> None:
        self._settings = settings
        self._connect = connect

    def hours(self) -> list[str]:
        """Raises DatabaseUnavailable."""
        return self._asked(lambda connection: hours_with_rows(connection, "quarantine"))

    def count_by_hour(self, hours: Sequence[str]) -> ByHour:
        """Raises DatabaseUnavailable."""
        found: dict[str, list[ReasonCount]] = defaultdict(list)
        rows = self._asked(lambda connection: connection.execute(COUNT, [list(hours)]).fetchall())
        for hour, reason, messages, first, last, sample in rows:
            count = ReasonCount(Sink.POSTGRES, reason, int(messages), _in_utc(first), _in_utc(last), sample)
            found[hour].append(count)
        return found

    def batches(self, reasons: Collection[str] = (), since_hour: str = "") -> Iterator[list[QuarantinedMessage]]:
        """In the order of their places in Kafka. Raises DatabaseUnavailable."""
        parameters = {"since_hour": since_hour, "reasons": list(reasons)}
        # A cursor with a name stays in the server, which sends as many rows at once as we ask for.
        with self._connect(self._settings) as connection, connection.cursor(name="replay") as cursor:
            try:
                cursor.execute(MESSAGES, parameters)
            except UndefinedTable:
                return
            while rows := cursor.fetchmany(MESSAGES_PER_BATCH):
                yield [_message(row) for row in rows]

    def _asked(self, ask: Callable[[psycopg.Connection], list[Answer]]) -> list[Answer]:
        with self._connect(self._settings) as connection:
            try:
                return ask(connection)
            except UndefinedTable:
                return []


def _message(row: tuple[Any, ...]) -> QuarantinedMessage:
    topic, partition, offset, produced_at, *rest = row
    return QuarantinedMessage(topic, partition, offset, _in_utc(produced_at), *rest)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)

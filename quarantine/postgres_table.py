"""The quarantine in PostgreSQL."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from psycopg.errors import UndefinedTable

from coinloom.settings import Settings, Sink
from quarantine.contents import MESSAGE, MESSAGES_PER_BATCH, PLACE, QuarantinedMessage, ReasonCount
from stores.database import connect

COUNT = """
    select
        reason,
        count(*),
        min(landed_at),
        max(landed_at),
        (
            select concat_ws('/', sample.kafka_topic, sample.kafka_partition, sample.kafka_offset)
            from quarantine.crypto_prices as sample
            where sample.reason = rejected.reason and sample.landed_hour >= %(since_hour)s
            order by sample.landed_at desc
            limit 1
        )
    from quarantine.crypto_prices as rejected
    where landed_hour >= %(since_hour)s
    group by reason
    order by reason collate "C"
"""
MESSAGES = f"""
    select {", ".join(MESSAGE)}
    from quarantine.crypto_prices
    where landed_hour >= %(since_hour)s and (cardinality(%(reasons)s::text[]) = 0 or reason = any(%(reasons)s))
    order by {", ".join(PLACE)}
"""  # noqa: S608 our own names


class QuarantineTable:
    """`quarantine.crypto_prices`. Empty if it is not there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def count(self, since_hour: str = "") -> list[ReasonCount]:
        """In order of the reasons. Raises DatabaseUnavailable."""
        try:
            with connect(self._settings) as connection:
                rows = connection.execute(COUNT, {"since_hour": since_hour}).fetchall()
        except UndefinedTable:
            return []
        return [
            ReasonCount(Sink.POSTGRES, reason, messages, _in_utc(first), _in_utc(last), sample)
            for reason, messages, first, last, sample in rows
        ]

    def batches(self, reasons: Collection[str] = (), since_hour: str = "") -> Iterator[list[QuarantinedMessage]]:
        """In the order of their places in Kafka. Raises DatabaseUnavailable."""
        parameters = {"since_hour": since_hour, "reasons": list(reasons)}
        # A cursor with a name stays in the server, which sends as many rows at once as we ask for.
        with connect(self._settings) as connection, connection.cursor(name="replay") as cursor:
            try:
                cursor.execute(MESSAGES, parameters)
            except UndefinedTable:
                return
            while rows := cursor.fetchmany(MESSAGES_PER_BATCH):
                yield [_message(row) for row in rows]


def _message(row: tuple[Any, ...]) -> QuarantinedMessage:
    topic, partition, offset, produced_at, *rest = row
    return QuarantinedMessage(topic, partition, offset, _in_utc(produced_at), *rest)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)

"""Rows of landing or quarantine in PostgreSQL by when they landed, without an index of that, which would slow landing.

In a partition what has a greater offset has landed later, but for a clock that was set back. So the index of the
primary key says where a moment is, by some twenty steps back from the newest row, however many rows there are.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

# Each hour by a few steps in the index, however many rows it has.
HOURS = """
    with recursive hours as (
        select min(landed_hour) as landed_hour from {table}
        union all
        select (select min(later.landed_hour) from {table} as later where later.landed_hour > hours.landed_hour)
        from hours
        where hours.landed_hour is not null
    )

    select landed_hour from hours where landed_hour is not null order by landed_hour
"""
# Each partition of a topic, with its newest row.
ENDS = """
    with recursive places as (
        (select kafka_topic, kafka_partition from {table} order by 1, 2 limit 1)
        union all
        select next.kafka_topic, next.kafka_partition
        from places
        cross join lateral (
            select kafka_topic, kafka_partition
            from {table} as later
            where (later.kafka_topic, later.kafka_partition) > (places.kafka_topic, places.kafka_partition)
            order by 1, 2
            limit 1
        ) as next
    ),

    ends as (
        select places.kafka_topic, places.kafka_partition, newest.kafka_offset, newest.landed_at
        from places
        cross join lateral (
            select kafka_offset, landed_at
            from {table} as landed
            where landed.kafka_topic = places.kafka_topic and landed.kafka_partition = places.kafka_partition
            order by kafka_offset desc
            limit 1
        ) as newest
    )
"""
LAST = "{ends} select max(landed_at) from ends"
NEWEST_OFFSETS = "{ends} select kafka_topic, kafka_partition, kafka_offset from ends"
# What is at `high` or after it has landed at the moment or later, what is before `low` earlier. Until something earlier
# is known, twice as far back at each step: what was removed long ago may still be in the index, and costs time there.
BETWEEN = """
    {ends},

    search as (
        select
            kafka_topic, kafka_partition, moment, null::bigint as low, kafka_offset + 1 as high, 1000::bigint as step
        from ends
        cross join (values (%(since)s), (%(until)s)) as moments (moment)
        union all
        select
            kafka_topic, kafka_partition, moment,
            case when tried.landed_at < moment then tried.kafka_offset + 1 when middle = 0 then 0 else low end,
            case when tried.landed_at < moment then high else middle end,
            2 * step
        from (
            select *, coalesce((low + high) / 2, greatest(high - step, 0)) as middle
            from search
            where low is null or low < high
        ) as further
        cross join lateral (
            select landed.kafka_offset, landed.landed_at
            from {table} as landed
            where
                landed.kafka_topic = further.kafka_topic and landed.kafka_partition = further.kafka_partition
                and landed.kafka_offset >= further.middle
            order by landed.kafka_offset
            limit 1
        ) as tried
    ),

    ranges as (
        select kafka_topic, kafka_partition, min(high) as first_offset, max(high) as next_offset
        from search
        where low >= high
        group by kafka_topic, kafka_partition
    )

    select of_range.what
    from ranges
    cross join lateral (
        select {aggregate} as what
        from {table} as landed
        where
            landed.kafka_topic = ranges.kafka_topic and landed.kafka_partition = ranges.kafka_partition
            and landed.kafka_offset >= ranges.first_offset and landed.kafka_offset < ranges.next_offset
            and landed.landed_at >= %(since)s and landed.landed_at < %(until)s
    ) as of_range
"""
# Without statistics PostgreSQL would rather read the whole table.
BY_INDEX = "set enable_seqscan = off"


def hours_with_rows(connection: psycopg.Connection, schema: str) -> list[str]:
    """Each `landed_hour` of `<schema>.crypto_prices`, in their order."""
    query = sql.SQL(HOURS).format(table=sql.Identifier(schema, "crypto_prices"))
    return [hour for (hour,) in connection.execute(query)]


class LandedRows:
    """Those of `<schema>.crypto_prices`, over this connection, for the rest of whose life no table is read whole."""

    def __init__(self, connection: psycopg.Connection, schema: str) -> None:
        self._connection = connection
        self._table = sql.Identifier(schema, "crypto_prices")
        connection.execute(BY_INDEX)

    def last_at(self) -> datetime | None:
        """When the newest row has landed, in UTC; None if there is none."""
        at: datetime | None
        (at,) = self._connection.execute(self._composed(LAST)).fetchone() or (None,)
        return at

    def newest_offsets(self) -> list[tuple[str, int, int]]:
        """Of each partition: its topic, its number, and the newest offset that has landed."""
        return self._connection.execute(self._composed(NEWEST_OFFSETS)).fetchall()

    def between(self, since: datetime, until: datetime, aggregate: str) -> Sequence[Any]:
        """An aggregate over the rows that landed from one moment on and before another, of each partition."""
        query = self._composed(BETWEEN, aggregate=sql.SQL(aggregate))
        return [what for (what,) in self._connection.execute(query, {"since": since, "until": until})]

    def _composed(self, query: str, **others: sql.SQL) -> sql.Composed:
        return sql.SQL(query).format(ends=sql.SQL(ENDS).format(table=self._table), table=self._table, **others)

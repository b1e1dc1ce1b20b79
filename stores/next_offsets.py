"""How far the topic has landed in PostgreSQL, by its own account, which is as old as its rows.

The checkpoint in the lake says it, too, and stays what it is when PostgreSQL is restored from a backup, or when a
replica takes over that lacks the last transactions.
"""

from collections.abc import Iterable, Mapping

import psycopg

NOTED = "select kafka_partition, next_offset from landing.next_offsets where kafka_topic = %s"
HOLDS_ANY = """
    select
        exists (select from landing.crypto_prices where kafka_topic = %(topic)s)
        or exists (select from quarantine.crypto_prices where kafka_topic = %(topic)s)
"""
# What has landed stays landed when a stream without its checkpoint begins anew.
NOTE = """
    insert into landing.next_offsets as noted (kafka_topic, kafka_partition, next_offset)
    values (%s, %s, %s)
    on conflict (kafka_topic, kafka_partition)
    do update set next_offset = greatest(noted.next_offset, excluded.next_offset)
"""

Offsets = Mapping[int, int]
"""By partition, the offset of the message that is to land next."""


def next_offsets(connection: psycopg.Connection, topic: str, partitions: Iterable[int]) -> Offsets | None:
    """What is noted for these partitions; None if there are rows and no notes, as an earlier release has left them."""
    noted: dict[int, int] = dict(connection.execute(NOTED, [topic]).fetchall())
    if not noted and connection.execute(HOLDS_ANY, {"topic": topic}).fetchone() == (True,):
        return None
    return {partition: noted.get(partition, 0) for partition in partitions}


def note_next_offsets(connection: psycopg.Connection, topic: str, offsets: Offsets) -> None:
    """A part of the transaction that lands what is before them."""
    rows = [(topic, partition, offset) for partition, offset in offsets.items()]
    with connection.cursor() as cursor:
        cursor.executemany(NOTE, rows)

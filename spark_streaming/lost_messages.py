"""Is everything that a sink has not landed yet still on the topic, and what it has landed still there?

Asked before a query starts. Spark would notice by itself that messages are gone, but not say which, nor how to go on;
it would not notice a topic of the same name that has more messages, nor a PostgreSQL that was restored.
"""

import logging
from collections.abc import Mapping

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from ingestion.topic import open_topic
from spark_streaming.checkpoint_note import CheckpointNote
from spark_streaming.topic_id import topic_id
from stores.database import connect
from stores.landing import landed_offsets
from stores.next_offsets import Offsets, next_offsets

log = logging.getLogger("spark_streaming")

Gone = Mapping[int, range]
"""By partition, the offsets that were not landed and are no longer on the topic, or were landed and are not there."""


class MessagesLost(CoinloomError):
    """The topic no longer has what a sink would land next."""


class AnotherTopic(CoinloomError):
    """The topic is not the one that was landed from, but a new one of the same name."""


class RowsLost(CoinloomError):
    """PostgreSQL no longer has what was landed there."""


def require_nothing_lost(settings: Settings, sink: Sink, *, skip: bool) -> None:
    """With `skip`, what is gone from the topic is only named.

    Raises:
        MessagesLost: naming what is gone, and how to go on without it.
        AnotherTopic, RowsLost: naming how to go on with it.
        BrokerUnavailable, DatabaseUnavailable.
        OSError: the id of the topic cannot be written beside the checkpoint.
    """
    landed = landed_offsets(settings, sink)
    with open_topic(settings) as topic:
        begins, ends, its_id = topic.begins(), topic.ends(), topic_id(settings)
    _require_same_topic(settings, sink, landed, ends, its_id)
    if sink is Sink.POSTGRES and landed:
        with connect(settings) as connection:
            require_rows(connection, settings, landed)
    gone = {
        partition: range(offset, begins[partition])
        for partition, offset in landed.items()
        if begins.get(partition, 0) > offset
    }
    if gone and not skip:
        raise MessagesLost(
            f"{_described(sink, gone)} The sink was away for longer than KAFKA_RETENTION_DAYS. Stop the stream; then "
            "`coinloom stream --available-now --skip-lost` goes on with what is there."
        )
    if gone:
        log.warning("%s It goes on with what is there.", _described(sink, gone))


def require_rows(connection: psycopg.Connection, settings: Settings, landed: Offsets) -> Offsets | None:
    """Returns what PostgreSQL has noted for the partitions of `landed`; None if it has noted nothing and has rows.

    Those are taken for all that was landed, as an earlier release has left them, unless notes are expected.

    Raises:
        RowsLost: that is less than what was landed.
    """
    noted = next_offsets(connection, settings.kafka_topic, landed)
    known = dict.fromkeys(landed, 0) if noted is None and _expected_notes(settings).read() else noted
    gone = {
        partition: range(known[partition], offset)
        for partition, offset in landed.items()
        if known and known[partition] < offset
    }
    if gone:
        raise RowsLost(
            f"{Sink.POSTGRES}: {_counted(gone)} that were landed are no longer noted in {settings.postgres_db} "
            f"{_listed(gone)}. PostgreSQL was restored from a backup, a replica took over that did not have them yet, "
            "or POSTGRES_HOST, POSTGRES_PORT or POSTGRES_DB names another one than before: look at that first. To go "
            f"on with this one, stop the stream and remove {settings.lake}/_checkpoints/{Sink.POSTGRES}: all that the "
            "topic still has lands again, nothing twice."
        )
    return noted


def expect_notes(settings: Settings) -> None:
    """From now on, as long as this checkpoint is there, a PostgreSQL that has noted nothing has lost it.

    Raises:
        OSError: that cannot be written beside the checkpoint.
    """
    note = _expected_notes(settings)
    if not note.read():
        note.write(settings.kafka_topic)


def _expected_notes(settings: Settings) -> CheckpointNote:
    return CheckpointNote(f"{settings.lake}/_checkpoints/{Sink.POSTGRES}", "has_next_offsets")


def _require_same_topic(settings: Settings, sink: Sink, landed: Offsets, ends: Offsets, its_id: str) -> None:
    """Notes the id of the topic where none was noted, and as long as nothing has landed."""
    noted_id = CheckpointNote(f"{settings.lake}/_checkpoints/{sink}", "topic_id")
    before = noted_id.read() if landed else ""
    is_shorter = any(ends.get(partition, 0) < offset for partition, offset in landed.items())
    if is_shorter or (before and its_id and before != its_id):
        raise AnotherTopic(
            f"{sink}: the topic {settings.kafka_topic} is another one than that which was landed from. It was deleted "
            "and made anew, the broker came back without its data, or KAFKA_BOOTSTRAP_SERVERS names another cluster: "
            "look at that first. What was landed stays. To go on with this cluster, set KAFKA_TOPIC to a name that was "
            f"never used, and remove {settings.lake}/_checkpoints/{sink}."
        )
    if its_id and not before:
        noted_id.write(its_id)


def _described(sink: Sink, gone: Gone) -> str:
    return f"{sink}: {_counted(gone)} that were never landed are no longer on the topic {_listed(gone)}."


def _counted(gone: Gone) -> str:
    return f"{sum(map(len, gone.values())):,} messages"


def _listed(gone: Gone) -> str:
    parts = [
        f"partition {partition}: {len(offsets):,} from offset {offsets[0]} to {offsets[-1]}"
        for partition, offsets in sorted(gone.items())
    ]
    return f"({'; '.join(parts)})"

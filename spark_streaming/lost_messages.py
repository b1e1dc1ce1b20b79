"""Is everything that a sink has not landed yet still on the topic? Asked before a query starts.

Spark would notice by itself, but not say what is gone, nor how to go on.
"""

import logging
from collections.abc import Mapping

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from ingestion.topic import open_topic
from stores.landing import landed_offsets

log = logging.getLogger("spark_streaming")

Gone = Mapping[int, range]
"""By partition, the offsets that were not landed and are no longer on the topic."""


class MessagesLost(CoinloomError):
    """The topic no longer has what a sink would land next."""


class AnotherTopic(CoinloomError):
    """The topic ends before what was landed from it: it is a new one of the same name."""


def require_nothing_lost(settings: Settings, sink: Sink, *, skip: bool) -> None:
    """With `skip`, what is gone is only named.

    Raises:
        MessagesLost: naming what is gone, and how to go on without it.
        AnotherTopic: naming how to go on with it.
        BrokerUnavailable.
    """
    landed = landed_offsets(settings, sink)
    if not landed:
        return
    with open_topic(settings) as topic:
        begins, ends = topic.begins(), topic.ends()
    if any(ends.get(partition, 0) < offset for partition, offset in landed.items()):
        raise AnotherTopic(
            f"{sink}: the topic {settings.kafka_topic} has fewer messages than were landed from it. It was deleted, or "
            "the broker came back without its data. What was landed stays. To go on, set KAFKA_TOPIC to a name that "
            f"was never used, and remove {settings.lake}/_checkpoints/{sink}."
        )
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


def _described(sink: Sink, gone: Gone) -> str:
    parts = [
        f"partition {partition}: {len(offsets):,} from offset {offsets[0]} to {offsets[-1]}"
        for partition, offsets in sorted(gone.items())
    ]
    total = sum(map(len, gone.values()))
    return f"{sink}: {total:,} messages that were never landed are no longer on the topic ({'; '.join(parts)})."

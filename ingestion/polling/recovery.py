"""After a crash: what of the outbox is on the topic already."""

from typing import Any

from ingestion.messages import Message
from ingestion.polling.outbox import Outbox
from ingestion.polling.relay import MAX_UNDER_WAY
from ingestion.topic import Topic


def forget_delivered(outbox: Outbox, topic: Topic) -> int:
    """Take out of the outbox what is on the topic: a poller was killed before it could. Returns how many those were."""
    ends = topic.ends()
    waiting = {_identity(kept.message): kept.id for kept in outbox.after(0, MAX_UNDER_WAY)}
    delivered: list[int] = []
    if waiting:
        found = map(_identity, topic.messages(outbox.offsets(topic.name), ends))
        delivered = [waiting.pop(identity) for identity in found if identity in waiting]
    outbox.forget(delivered, topic.name, ends)
    return len(delivered)


def _identity(message: Message) -> tuple[Any, ...]:
    return message.key, message.value, tuple(message.headers)

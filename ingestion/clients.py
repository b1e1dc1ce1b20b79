"""Opens a client of kafka-python so that nothing is left of one that found no broker.

Their constructors start a thread with descriptors of its own before they look for a broker. When none answers they
raise, and nobody has anything that could be closed.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from kafka.net.compat import KafkaNetClient

Client = TypeVar("Client")


def opened(kind: Callable[..., Client], **options: Any) -> Client:
    """What `kind` makes of the options. Raises what that raises, and has closed by then what was started."""
    started: list[KafkaNetClient] = []

    def start(**configs: Any) -> KafkaNetClient:
        started.append(KafkaNetClient(**configs))
        return started[-1]

    try:
        return kind(**options, kafka_client=start)
    except BaseException:
        for client in started:
            client.close()
        raise

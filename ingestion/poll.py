"""One poll: ask CoinGecko, send a message for each coin, have Kafka confirm them, write one log line."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from ingestion.coingecko import CoinGeckoClient
from ingestion.exceptions import (
    BrokerError,
    BrokerUnavailable,
    CoinGeckoError,
    NotAcknowledged,
    Stopped,
    WrongKeyOrPlan,
)
from ingestion.markets import MarketsAnswer, MarketsRequest
from ingestion.messages import Source, encode, from_markets_row, message_headers
from ingestion.outbox import Outbox

FLUSH_SECONDS = 5.0

# While the broker is away polling goes on and the messages wait in memory, about 1 kB each.
MAX_WAITING_MESSAGES = 100_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PollerSummary:
    """What a run of the poller did so far. A failed poll brought no answer, or Kafka refused some of it."""

    polls: int = 0
    failed_polls: int = 0
    messages_sent: int = 0


class Poller:
    """Does one poll at a time and keeps the books in `summary`."""

    def __init__(
        self,
        client: CoinGeckoClient,
        request: MarketsRequest,
        outbox: Outbox,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.summary = PollerSummary()
        self._client = client
        self._request = request
        self._outbox = outbox
        self._monotonic = monotonic
        self._missing: frozenset[str] = frozenset()

    def poll(self) -> None:
        """What costs only this poll is logged. Raises WrongKeyOrPlan and WrongSetting, which would cost every poll."""
        poll_id = uuid4()
        self.summary.polls += 1
        try:
            self._fetch_and_send(poll_id)
        except WrongKeyOrPlan:
            raise
        except Stopped:
            log.info("poll %s abandoned: asked to stop", poll_id)
        except NotAcknowledged as error:
            log.warning("poll %s sent, but %s (kept, and still being tried)", poll_id, error)
        except (CoinGeckoError, BrokerError) as error:
            self.summary.failed_polls += 1
            log.error("poll %s failed: %s", poll_id, error)

    def _fetch_and_send(self, poll_id: UUID) -> None:
        started = self._monotonic()
        if (waiting := self._outbox.unacknowledged) > MAX_WAITING_MESSAGES:
            raise BrokerUnavailable(f"{waiting} messages wait for Kafka already; check KAFKA_BOOTSTRAP_SERVERS")
        answer = self._client.markets(self._request)
        self._report_missing(answer)
        sent = self._send(answer, poll_id)
        self.summary.messages_sent += sent
        self._outbox.flush(FLUSH_SECONDS)
        asked = len(self._request.ids) or self._request.top_n
        seconds = self._monotonic() - started
        log.info("poll %s: %d of %d coins, %d messages, %.2f s", poll_id, len(answer.coin_ids()), asked, sent, seconds)

    def _send(self, answer: MarketsAnswer, poll_id: UUID) -> int:
        headers = message_headers(poll_id, Source.LIVE)
        sent = 0
        for vs_currency, rows in answer.rows.items():
            for row in rows:
                self._outbox.send(encode(from_markets_row(row, vs_currency, answer.fetched_at), headers))
                sent += 1
        return sent

    def _report_missing(self, answer: MarketsAnswer) -> None:
        """Names the ids that CoinGecko does not answer for, once: it leaves out unknown and retired ids in silence."""
        missing = frozenset(self._request.ids) - answer.coin_ids()
        if missing and missing != self._missing:
            names = ", ".join(sorted(missing))
            log.warning("no answer for %s: check COINGECKO_IDS (avalanche, for one, is avalanche-2)", names)
        elif self._missing and not missing:
            log.info("every coin in COINGECKO_IDS is answered for again")
        self._missing = missing

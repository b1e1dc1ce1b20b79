"""One poll: ask CoinGecko, keep a message for each coin, have Kafka confirm them, report."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from coinloom.clock import Clock, iso_milliseconds, utc_now
from coinloom.errors import Stopped
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.markets import MarketsAnswer, MarketsRequest
from ingestion.exceptions import CoinGeckoError, NotAcknowledged, WrongKeyOrPlan
from ingestion.messages import Message, Source, encode, from_markets_row, message_headers
from ingestion.polling.coin_states import CoinState, changed_states, count_coins, log_changes, worth_telling
from ingestion.polling.outbox import Outbox
from ingestion.polling.relay import Relay
from ingestion.polling.reports import PollReport, PollReports

DELIVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PollerSummary:
    """What the poller has done since it started. A failed poll brought no answer.

    `messages` became of the others, `waiting` is how many, of any poll, Kafka has not confirmed in the end.
    """

    polls: int = 0
    failed_polls: int = 0
    messages: int = 0
    waiting: int = 0

    @property
    def missing(self) -> str | None:
        """What all polls together were to bring and did not, and what to do about it; None if they did."""
        if not self.messages:
            return "No price was polled: the lines above say why, or CoinGecko knows no coin of COINGECKO_IDS."
        if self.waiting:
            what = f"Kafka has not confirmed {self.waiting:,} messages, which wait on disk for the next poll"
            return f"{what}; is the broker at KAFKA_BOOTSTRAP_SERVERS up?"
        return None


class Poller:
    """Does one poll at a time and counts in `summary`."""

    def __init__(
        self,
        client: CoinGeckoClient,
        request: MarketsRequest,
        outbox: Outbox,
        relay: Relay,
        reports: PollReports,
        *,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.summary = PollerSummary()
        self._client = client
        self._request = request
        self._outbox = outbox
        self._relay = relay
        self._reports = reports
        self._now = now
        self._monotonic = monotonic
        self._coins: Counter[CoinState] = Counter()

    def poll(self) -> None:
        """What costs only this poll is logged. All is reported.

        Raises WrongKeyOrPlan and WrongSetting, which would cost every poll; OutboxUnusable and DeliveryFailed.
        """
        poll_id, started = uuid4(), self._monotonic()
        self.summary.polls += 1
        try:
            answer = self._client.markets(self._request)
        except CoinGeckoError as error:
            self.summary.failed_polls += 1
            self._report(poll_id, None, 0, str(error), started)
            if isinstance(error, WrongKeyOrPlan):
                raise
            log.error("poll %s failed: %s", poll_id, error)
        except Stopped:
            log.info("poll %s abandoned: asked to stop", poll_id)
        else:
            self._take(poll_id, answer, started)

    def deliver_what_waits(self) -> None:
        """Between two polls. Raises OutboxUnusable and DeliveryFailed."""
        if len(self._outbox):
            self._deliver()

    def _take(self, poll_id: UUID, answer: MarketsAnswer, started: float) -> None:
        messages = list(self._messages(answer, poll_id))
        self._outbox.keep(messages)
        self.summary.messages += len(messages)
        self._watch(answer)
        self._deliver(f"poll {poll_id} is kept, but ")
        seconds = self._report(poll_id, answer, len(messages), None, started)
        there, asked = len(answer.coin_ids()), self._asked
        log.info("poll %s: %d of %d coins, %d messages, %.2f s", poll_id, there, asked, len(messages), seconds)

    def _messages(self, answer: MarketsAnswer, poll_id: UUID) -> Iterator[Message]:
        headers = message_headers(poll_id, Source.LIVE)
        for vs_currency, rows in answer.rows.items():
            for row in rows:
                yield encode(from_markets_row(row, vs_currency, answer.fetched_at), headers)

    def _watch(self, answer: MarketsAnswer) -> None:
        changes = changed_states(self._reports.states, self._request, answer)
        log_changes(worth_telling(self._reports.states, changes))
        self._reports.note_states(changes, answer.fetched_at)
        self._coins = count_coins(self._reports.states, self._request, answer)

    def _deliver(self, kept: str = "") -> None:
        try:
            self._relay.deliver(DELIVERY_SECONDS)
        except NotAcknowledged as error:
            log.warning("%s%s", kept, error)

    @property
    def _asked(self) -> int:
        return len(self._request.ids) or self._request.top_n

    def _report(
        self, poll_id: UUID, answer: MarketsAnswer | None, messages: int, error: str | None, started: float
    ) -> float:
        """Returns the seconds that the poll took."""
        seconds = self._monotonic() - started
        report = PollReport(
            poll_id=str(poll_id),
            polled_at=iso_milliseconds(answer.fetched_at if answer else self._now()),
            seconds=seconds,
            coins_asked=self._asked,
            coins_answered=len(answer.coin_ids()) if answer else 0,
            messages=messages,
            error=error,
            coins_unknown=self._coins[CoinState.UNKNOWN],
            coins_retired=self._coins[CoinState.RETIRED],
            coins_unpriced=self._coins[CoinState.UNPRICED],
            messages_waiting=len(self._outbox),
        )
        self._reports.note_poll(report)
        return seconds

"""Everything that can go wrong on the way in, as one tree.

A message says what happened, to what, and what to do about it, by the name of the setting. None ever holds the API key.

    IngestionError
    ├── CoinGeckoError
    │   ├── WrongKeyOrPlan
    │   ├── RequestRefused
    │   │   └── UnknownCoin
    │   ├── BadAnswer
    │   ├── CreditsSpent
    │   ├── CallsNotKept
    │   └── TemporaryTrouble
    │       ├── RateLimited
    │       ├── ServerTrouble
    │       └── Unreachable
    ├── BrokerError
    │   ├── BrokerUnavailable
    │   ├── BrokerRefused
    │   ├── DeliveryFailed
    │   └── NotAcknowledged
    ├── OutboxUnusable
    ├── PriceFileError
    └── CheckpointNotKept
"""

from coinloom.errors import CoinloomError


class IngestionError(CoinloomError):
    """Base of all errors that this package raises on purpose."""


class CoinGeckoError(IngestionError):
    """CoinGecko did not give the prices that we asked for."""


class WrongKeyOrPlan(CoinGeckoError):
    """The key or the plan is wrong: every further request would fail in the same way."""

    exit_code = 2


class RequestRefused(CoinGeckoError):
    """CoinGecko does not accept what we ask for; asking again does not help."""


class UnknownCoin(RequestRefused):
    """CoinGecko has no coin of this id; requests for others go on."""


class BadAnswer(CoinGeckoError):
    """An answer came with a good status, but it is not what we asked for."""


class CreditsSpent(CoinGeckoError):
    """The month's credits are used up; nothing was asked."""


class CallsNotKept(CoinGeckoError):
    """The file that counts what was spent cannot be used; nothing was asked."""


class TemporaryTrouble(CoinGeckoError):
    """Worth another try, not before `retry_after_seconds` if the server named a time."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(TemporaryTrouble):
    """Too many calls for the plan (HTTP 429)."""


class ServerTrouble(TemporaryTrouble):
    """CoinGecko's side failed or timed out (HTTP 408 and 5xx)."""


class Unreachable(TemporaryTrouble):
    """No connection, or it broke or timed out before the whole answer was here."""


class BrokerError(IngestionError):
    """Kafka did not take what we have for it."""


class BrokerUnavailable(BrokerError):
    """No broker could be reached in the time that we were willing to wait."""


class BrokerRefused(BrokerError):
    """A broker answered, but does not let us connect or create the topic."""


class DeliveryFailed(BrokerError):
    """Messages are definitely not on the topic."""


class NotAcknowledged(BrokerError):
    """Messages are not confirmed yet; the producer still holds them and keeps trying."""


class OutboxUnusable(IngestionError):
    """The file that keeps what Kafka has not confirmed cannot be used: polling on could lose prices."""


class PriceFileError(IngestionError):
    """The file as a whole cannot be read as prices."""


class CheckpointNotKept(IngestionError):
    """The file that keeps what a backfill has done cannot be used; nothing more was asked."""

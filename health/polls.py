"""How polling goes: its last reports, the coins that CoinGecko does not answer for, the credits that are left."""

from dataclasses import dataclass
from datetime import datetime

from coinloom.settings import Settings
from health.tables import read_rows
from ingestion.coingecko.budget import Budget, Limits

LAST_POLLS = """
    select polled_at, seconds, coins_answered, coins_asked, messages, error, coins_unknown, coins_retired,
        coins_unpriced, messages_waiting
    from ingestion.polls
    order by poll_number desc
    limit %s
"""
ABSENT_COINS = """
    select coin_id, vs_currency, state, since
    from (
        select distinct on (coin_id, vs_currency) coin_id, vs_currency, state, since
        from ingestion.coin_states
        order by coin_id, vs_currency, since desc
    ) as newest
    where state in ('unknown', 'retired', 'unpriced')
    order by coin_id, vs_currency
"""


@dataclass(frozen=True, slots=True)
class Poll:
    """One row of `ingestion.polls`; the migration 0004 describes the columns."""

    polled_at: datetime
    seconds: float
    coins_answered: int
    coins_asked: int
    messages: int
    error: str | None
    coins_unknown: int
    coins_retired: int
    coins_unpriced: int
    messages_waiting: int


@dataclass(frozen=True, slots=True)
class AbsentCoin:
    """`state` is unknown, retired or unpriced."""

    coin_id: str
    vs_currency: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Credits:
    """Of the month that runs, in UTC: `left` of `per_month`, which is all that it has."""

    left: int
    per_month: int


def last_polls(settings: Settings, at_most: int = 1) -> list[Poll]:
    """The last to come first, whatever its clock said; empty before the first. Raises DatabaseUnavailable."""
    return read_rows(settings, Poll, LAST_POLLS, [at_most])


def absent_coins(settings: Settings) -> list[AbsentCoin]:
    """By coin and currency. Raises DatabaseUnavailable."""
    return read_rows(settings, AbsentCoin, ABSENT_COINS)


def credits_left(settings: Settings) -> Credits | None:
    """None if credits are not limited. Raises CallsNotKept."""
    limits = Limits.of(settings)
    left = Budget(settings.calls_file, settings.coingecko_plan, limits).credits_left()
    return None if left is None else Credits(left, limits.credits_per_month)

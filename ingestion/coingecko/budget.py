"""What calls to CoinGecko may cost: so many a minute, and so many credits in a month of UTC.

CoinGecko counts every call for the minute, and takes a credit for each that it answers with HTTP 200. A call is noted
with its credit before it is made, so that one that is killed has spent it, and the credit is given back where there was
another answer, or no connection.

Calls are kept in a SQLite file below COINLOOM_HOME, so that a restart does not forget what was spent, and several
processes share one budget.
"""

import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

from coinloom.clock import Clock, utc_now
from coinloom.settings import CoinGeckoPlan, Settings
from ingestion.exceptions import CallsNotKept, CreditsSpent
from stores.state_file import StateFile

MINUTE = timedelta(minutes=1)
# `calls` has the columns that it always had: a poller of an earlier release may still write to it.
SCHEMA = """
    create table if not exists calls (plan text not null, called_at real not null);
    create index if not exists calls_by_time on calls (plan, called_at);
    create table if not exists given_back (plan text not null, called_at real not null);
    create index if not exists given_back_by_time on given_back (plan, called_at);
"""
CLEAN = (
    "delete from calls where called_at < :first",
    "delete from given_back where called_at < :first",
    # The clock was set back: they would keep us waiting until it is that late again.
    "update calls set called_at = :now where called_at > :now",
    "update given_back set called_at = :now where called_at > :now",
)
SPENT = """
    select
        (select count(*) from calls where plan = :plan and called_at >= :since)
        - (select count(*) from given_back where plan = :plan and called_at >= :since)
"""
ADVICE = "make room and let us write there, or set COINGECKO_CALLS_PER_MINUTE and _CREDITS_PER_MONTH to 0"
# The lowest that CoinGecko's documents name. A paid plan has its own number of credits: it has to be set.
CALLS_PER_MINUTE = {CoinGeckoPlan.KEYLESS: 5, CoinGeckoPlan.DEMO: 30, CoinGeckoPlan.PRO: 250}
CREDITS_PER_MONTH = {CoinGeckoPlan.KEYLESS: 0, CoinGeckoPlan.DEMO: 10_000, CoinGeckoPlan.PRO: 0}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit."""

    calls_per_minute: int
    credits_per_month: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As set; unset, those of the plan on CoinGecko's own hosts, and none elsewhere."""
        plan, is_elsewhere = settings.coingecko_plan, bool(settings.coingecko_base_url)
        per_minute, per_month = settings.coingecko_calls_per_minute, settings.coingecko_credits_per_month
        if per_minute is None:
            per_minute = 0 if is_elsewhere else CALLS_PER_MINUTE[plan]
        if per_month is None:
            per_month = 0 if is_elsewhere else CREDITS_PER_MONTH[plan]
        return cls(per_minute, per_month)


class Budget:
    """Notes every call before it is made, tries included: they count for CoinGecko's minute, too."""

    def __init__(
        self,
        path: Path,
        plan: CoinGeckoPlan,
        limits: Limits,
        *,
        now: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limits = limits
        self._file = StateFile(path, SCHEMA, "calls to CoinGecko", CallsNotKept, ADVICE)
        self._plan = plan
        self._now = now
        self._sleep = sleep

    def spend(self) -> Callable[[], None]:
        """Wait until the minute has room for one more call, and note it; what came before this month goes.

        Returns what gives its credit back. Raises CreditsSpent and CallsNotKept, as that does.
        """
        while any((self.limits.calls_per_minute, self.limits.credits_per_month)):
            with self._file.transaction() as calls:
                now = self._now()
                for statement in CLEAN:
                    calls.execute(statement, {"first": month_of(now - MINUTE).timestamp(), "now": now.timestamp()})
                self._require_credits(self._spent_since(calls, month_of(now)), now)
                wait = self._seconds_to_wait(calls, now)
                if wait <= 0:
                    calls.execute("insert into calls (plan, called_at) values (?, ?)", (self._plan, now.timestamp()))
                    return partial(self._give_back, now)
            log.info("waiting %.0f s: %d calls a minute are made", wait, self.limits.calls_per_minute)
            self._sleep(wait)
        return lambda: None

    def credits_left(self) -> int | None:
        """What is left of this month's credits; None if they are not limited. Raises CallsNotKept."""
        if not self.limits.credits_per_month:
            return None
        with self._file.transaction() as calls:
            return max(0, self.limits.credits_per_month - self._spent_since(calls, month_of(self._now())))

    def seconds_per_poll(self, calls: int) -> float:
        """How far apart polls of so many calls must be for the credits to last all month; 0: as you like."""
        left = self.credits_left()
        if left is None:
            return 0.0
        now = self._now()
        seconds_left = (next_month(now) - now).total_seconds()
        return seconds_left * calls / left if left >= calls else seconds_left

    def _give_back(self, called_at: datetime) -> None:
        with self._file.transaction() as calls:
            calls.execute("insert into given_back values (?, ?)", (self._plan, called_at.timestamp()))

    def _require_credits(self, spent: int, now: datetime) -> None:
        limit = self.limits.credits_per_month
        if limit and spent >= limit:
            what = f"the {limit:,} credits of this month are spent, new ones come on {next_month(now):%Y-%m-%d}"
            raise CreditsSpent(f"{what}; COINGECKO_CREDITS_PER_MONTH says how many there are")

    def _seconds_to_wait(self, calls: sqlite3.Connection, now: datetime) -> float:
        per_minute = self.limits.calls_per_minute
        if not per_minute:
            return 0.0
        oldest = "select called_at from calls where plan = ? order by called_at desc limit 1 offset ?"
        row = calls.execute(oldest, (self._plan, per_minute - 1)).fetchone()
        return 0.0 if row is None else row[0] + MINUTE.total_seconds() - now.timestamp()

    def _spent_since(self, calls: sqlite3.Connection, moment: datetime) -> int:
        return int(calls.execute(SPENT, {"plan": self._plan, "since": moment.timestamp()}).fetchone()[0])


def month_of(moment: datetime) -> datetime:
    """When the month of a moment began."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(moment: datetime) -> datetime:
    return month_of(month_of(moment) + timedelta(days=32))

"""A report of every poll: kept on disk until PostgreSQL has it, in `ingestion.polls` and `ingestion.coin_states`.

Polling does not depend on PostgreSQL. While it is away reports wait, the oldest giving way to the newest.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from coinloom.settings import Settings
from coinloom.wording import printable
from ingestion.polling.coin_states import CoinState, Key, States, worth_telling
from ingestion.polling.outbox import Outbox
from stores.composing import names
from stores.database import DatabaseUnavailable, connect
from stores.migrate import migrate

KEPT_AT_MOST = 10_000
SENT_AT_ONCE = 1_000
CONNECT_TIMEOUT_SECONDS = 2
BRIEFLY = "-c statement_timeout=2s"
"""Behind a table that somebody has locked, polling would stand still, and a stop would not be noticed."""

SCHEMA = """
    create table if not exists coin_states (
        coin_id text, vs_currency text, state text not null, primary key (coin_id, vs_currency)
    );
    create table if not exists reports (
        id integer primary key autoincrement, relation text not null, row text not null
    );
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PollReport:
    """One row of `ingestion.polls`; the migration 0004 describes the columns."""

    poll_id: str
    polled_at: str
    seconds: float
    coins_asked: int
    coins_answered: int
    messages: int
    error: str | None
    coins_unknown: int
    coins_retired: int
    coins_unpriced: int
    messages_waiting: int


class PollReports:
    """The states of the coins, and the reports that PostgreSQL does not have yet, in the file of the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._is_away = False
        with outbox.transaction():
            for statement in SCHEMA.split(";"):
                outbox.connection.execute(statement)
            rows = outbox.connection.execute("select coin_id, vs_currency, state from coin_states").fetchall()
        self.states: dict[Key, CoinState] = {(coin, currency): CoinState(state) for coin, currency, state in rows}

    def note_states(self, changes: States, since: datetime) -> None:
        """Remember them, and report those that are worth it."""
        told = worth_telling(self.states, changes)
        rows = [
            {"coin_id": coin, "vs_currency": currency, "state": state, "since": since}
            for (coin, currency), state in told.items()
        ]
        with self._outbox.transaction():
            self._outbox.connection.executemany(
                "insert or replace into coin_states values (?, ?, ?)", ((*key, state) for key, state in changes.items())
            )
            for row in rows:
                self._add("coin_states", row)
        self.states.update(changes)

    def note_poll(self, report: PollReport) -> None:
        with self._outbox.transaction():
            self._add("polls", asdict(report))
            limit = "delete from reports where id <= (select max(id) from reports) - ?"
            self._outbox.connection.execute(limit, (KEPT_AT_MOST,))

    def upload(self, settings: Settings) -> None:
        """Bring them to PostgreSQL if it takes them soon; says so once when it does not, and when it does again."""
        query = "select id, relation, row from reports order by id limit ?"
        with self._outbox.transaction():
            reports = self._outbox.connection.execute(query, (SENT_AT_ONCE,)).fetchall()
        if not reports:
            return
        rows = [(relation, json.loads(row)) for _, relation, row in reports]
        try:
            try:
                _insert(settings, rows)
            except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):  # nobody has migrated yet
                migrate(settings, BRIEFLY)
                _insert(settings, rows)
        except (DatabaseUnavailable, psycopg.Error) as error:
            if not self._is_away:
                log.warning("reports of the polls wait on disk: %s", str(error).strip())
            self._is_away = True
            return
        if self._is_away:
            log.info("PostgreSQL takes the reports of the polls again")
        self._is_away = False
        with self._outbox.transaction():
            self._outbox.connection.execute("delete from reports where id <= ?", (reports[-1][0],))

    def _add(self, relation: str, row: Mapping[str, Any]) -> None:
        text = json.dumps(row, default=datetime.isoformat)
        self._outbox.connection.execute("insert into reports (relation, row) values (?, ?)", (relation, text))


def _insert(settings: Settings, reports: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """All of them, or none."""
    with connect(settings, connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS, options=BRIEFLY) as connection:
        for relation, row in reports:
            statement = sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
                sql.Identifier("ingestion", relation),
                names(row),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            )
            connection.execute(statement, [_storable(value) for value in row.values()])


def _storable(value: Any) -> Any:
    """An answer that is quoted in an error may hold what PostgreSQL does not take: a NUL, half a letter."""
    return printable(value) if isinstance(value, str) else value

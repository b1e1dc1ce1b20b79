"""What a backfill has done, per coin and quote currency, in a SQLite file: Kafka has confirmed all of it."""

import sqlite3
from pathlib import Path
from typing import Self

from coinloom.settings import Settings
from ingestion.coingecko.spans import Series, Span
from ingestion.exceptions import CheckpointNotKept
from stores.state_file import StateFile

SCHEMA = """
    create table if not exists done (
        origin text not null, destination text not null, coin_id text not null, vs_currency text not null,
        start_ms integer not null, until_ms integer not null
    );
    create index if not exists done_by_series on done (origin, destination, coin_id, vs_currency);
"""
ADVICE = "make room and let us write there, or set COINLOOM_HOME to another folder"
OF_SERIES = "origin = ? and destination = ? and coin_id = ? and vs_currency = ?"


class Checkpoint:
    """The spans that went from one origin (CoinGecko, or a simulator) to one destination (a topic of a broker)."""

    def __init__(self, path: Path, origin: str, destination: str) -> None:
        self._file = StateFile(path, SCHEMA, "what is done", CheckpointNotKept, ADVICE)
        self._route = origin, destination

    @classmethod
    def of(cls, settings: Settings) -> Self:
        origin = settings.coingecko_base_url or "coingecko"
        return cls(settings.backfill_file, origin, f"{settings.kafka_bootstrap_servers} {settings.kafka_topic}")

    def spans(self, series: Series) -> list[Span]:
        """What is done of a series, in order. Raises CheckpointNotKept, as the others do."""
        with self._file.transaction() as connection:
            return self._spans(connection, series)

    def add(self, series: Series, span: Span) -> None:
        """Note that a span is done; spans that touch become one."""
        with self._file.transaction() as connection:
            touching = [span, *(kept for kept in self._spans(connection, series) if _touch(kept, span))]
            self._delete(connection, series, touching[1:])
            whole = min(one.start_ms for one in touching), max(one.until_ms for one in touching)
            connection.execute("insert into done values (?, ?, ?, ?, ?, ?)", (*self._of(series), *whole))

    def forget(self, series: Series, span: Span) -> None:
        """As if nothing that touches the span had been done."""
        with self._file.transaction() as connection:
            self._delete(connection, series, [kept for kept in self._spans(connection, series) if _touch(kept, span)])

    def _of(self, series: Series) -> tuple[str, str, str, str]:
        return *self._route, series.coin_id, series.vs_currency

    def _spans(self, connection: sqlite3.Connection, series: Series) -> list[Span]:
        query = f"select start_ms, until_ms from done where {OF_SERIES} order by start_ms"  # noqa: S608  no input in it
        return [Span(start, until) for start, until in connection.execute(query, self._of(series))]

    def _delete(self, connection: sqlite3.Connection, series: Series, spans: list[Span]) -> None:
        query = f"delete from done where {OF_SERIES} and start_ms = ?"  # noqa: S608  no input in it
        connection.executemany(query, [(*self._of(series), span.start_ms) for span in spans])


def _touch(one: Span, other: Span) -> bool:
    return one.start_ms <= other.until_ms and other.start_ms <= one.until_ms

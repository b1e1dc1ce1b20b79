"""Which hours of a mart have to be published: those that were rebuilt, or are gone, since the last publish."""

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from serving.marts import Mart

PUBLISHED = "select bar_hour, rebuilt_by from publishing.published_hours where mart = %s"
FORGET = "delete from publishing.published_hours where mart = %s and bar_hour = any(%s)"
REMEMBER = """
    insert into publishing.published_hours (mart, bar_hour, rebuilt_by)
    select %s, * from unnest(%s::text[], %s::text[])
    on conflict (mart, bar_hour) do update set rebuilt_by = excluded.rebuilt_by
"""
LAST_CHANGE = "select changed_at at time zone 'UTC' from publishing.changed_marts where mart = %s"
NOTE_CHANGE = """
    insert into publishing.changed_marts (mart, changed_at)
    values (%s, clock_timestamp())
    on conflict (mart) do update set changed_at = excluded.changed_at
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """`rebuilt` has the version of each hour that differs from the published one, `vanished` the hours that are gone.

    The rows of the periods `to_read` replace those of the periods `to_replace`, or the whole mart if `is_whole`.
    """

    rebuilt: dict[str, str]
    vanished: set[str]
    to_read: set[str]
    to_replace: set[str]
    is_whole: bool

    def __bool__(self) -> bool:
        return self.is_whole or bool(self.to_replace)


def find_changes(connection: psycopg.Connection, mart: Mart, versions: dict[str, str], *, is_empty: bool) -> Changes:
    """Compare the last finished build's hours with the published ones.

    A mart without periods is always published whole; so is one that somebody has emptied or dropped.
    """
    if not mart.period:
        return Changes({}, set(), set(), set(), is_whole=True)
    published: dict[str, str] = dict(connection.execute(PUBLISHED, [mart.name]).fetchall())
    rebuilt = {hour: by for hour, by in versions.items() if is_empty or published.get(hour) != by}
    vanished = published.keys() - versions.keys()
    existing = {mart.period.of(hour) for hour in versions}
    to_replace = {mart.period.of(hour) for hour in rebuilt.keys() | vanished}
    return Changes(rebuilt, vanished, to_replace & existing, to_replace, is_whole=to_replace >= existing)


def remember(connection: psycopg.Connection, mart: Mart, changes: Changes) -> None:
    """Write down what the transaction that is open publishes."""
    if changes.vanished:
        connection.execute(FORGET, [mart.name, list(changes.vanished)])
    if changes.rebuilt:
        connection.execute(REMEMBER, [mart.name, list(changes.rebuilt), list(changes.rebuilt.values())])


def note_change(connection: psycopg.Connection, mart: Mart) -> None:
    """Let readers know, through marts.freshness, that the transaction that is open changes rows of the mart."""
    connection.execute(NOTE_CHANGE, [mart.name])


def last_change(connection: psycopg.Connection, mart: Mart) -> datetime | None:
    """When a publish last changed rows of the mart, as marts.freshness has it; in UTC."""
    found = connection.execute(LAST_CHANGE, [mart.name]).fetchone()
    return found[0].replace(tzinfo=UTC) if found else None

"""Marts of many coins and long histories: a few hours are built and published, and the older ones copied from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from benchmarks.history import HOUR, History, land
from benchmarks.market import Market
from benchmarks.postgres_landing import copy_landing
from coinloom.progress import Steps
from coinloom.settings import Settings
from commands.build import build
from serving.marts import SCHEMA, Mart, read_marts
from serving.publish import publish
from serving.warehouse import columns_of
from stores.composing import names
from stores.database import connect

END = datetime(2026, 3, 1, 12)
BUILT = timedelta(hours=2)
DAY = timedelta(days=1)
COINS = "create temporary table kept as select coin_id from marts.coin_overview order by market_cap_rank limit {}"
OLDER = """
    insert into {mart} ({columns})
    select {values}
    from {mart} as bars
    cross join generate_series(%(first)s::int, %(last)s::int) as copies (number)
    where {time} >= %(from)s and coin_id in (select coin_id from kept)
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Every coin has `days_of_all`, and so many of the largest have `days_of_some`."""

    coins: int
    days_of_all: int
    coins_with_more: int
    days_of_some: int


def fill_marts(settings: Settings, sizes: Sizes, steps: Steps) -> int:
    """Returns how many rows `crypto_table` has."""
    with steps.step(f"Land and build {BUILT / HOUR:g} hours of {sizes.coins:,} coins"):
        land(Market(sizes.coins), History(END - BUILT, END), settings.lake, lambda _: None)
        copy_landing(settings)
        build(settings)
        publish(settings)
    with steps.step("Copy them into the past"), connect(settings) as connection:
        for coins, days, days_before in (
            (sizes.coins, sizes.days_of_all, 0),
            (sizes.coins_with_more, sizes.days_of_some, sizes.days_of_all),
        ):
            connection.execute(sql.SQL(COINS).format(sql.Literal(coins)))
            for mart in _with_periods():
                _copy(connection, mart, days_before * DAY, days * DAY)
            connection.execute("drop table kept")
    with connect(settings) as connection:
        connection.autocommit = True
        connection.execute("vacuum analyze")
        (rows,) = connection.execute("select count(*) from marts.crypto_table").fetchone() or (0,)
    return int(rows)


def _with_periods() -> Iterator[Mart]:
    return (mart for mart in read_marts() if mart.period)


def _copy(connection: psycopg.Connection, mart: Mart, start: timedelta, end: timedelta) -> None:
    """The bars so long before END are those of the hours that were built; those of a day, of the day."""
    length = max(BUILT, mart.period.length) if mart.period else BUILT
    columns = columns_of(connection, SCHEMA, mart.name)
    values = [
        sql.SQL("{} - number * {}").format(sql.Identifier(column), sql.Literal(length))
        if column == mart.time
        else sql.Identifier(column)
        for column in columns
    ]
    statement = sql.SQL(OLDER).format(
        mart=sql.Identifier(SCHEMA, mart.name),
        columns=names(columns),
        values=sql.SQL(", ").join(values),
        time=sql.Identifier(mart.time),
    )
    copies = {"first": max(1, start // length), "last": end // length - 1}
    connection.execute(statement, copies | {"from": END - length})

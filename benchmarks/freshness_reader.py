"""A reader as a dashboard is one: asks for the newest price of each coin twice a second, as bi_reader."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from coinloom.settings import Settings
from stores.database import as_reader, connect

ASK_SECONDS = 0.5
COINS_SECONDS = 30
COINS = """
    select distinct coin_id
    from marts.crypto_table
    where bar_minute > now() at time zone 'UTC' - interval '1' hour
"""
NEWEST = """
    select coins.coin_id, newest.price
    from unnest(%s::text[]) as coins (coin_id)
    cross join lateral (
        select price
        from marts.crypto_table
        where vs_currency = 'usd' and coin_id = coins.coin_id
        order by bar_minute desc
        limit 1
    ) as newest
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A coin's newest price was another one than before, at this Unix time."""

    coin_id: str
    price: float
    at: float


class Reader:
    """Asks until `stop` is set; `seen` has what was new to it, and `looks` when it asked, as Unix times, in order."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = as_reader(settings)
        self._stop = stop
        self.seen: list[Seen] = []
        self.looks: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._ask_again_and_again, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _ask_again_and_again(self) -> None:
        newest: dict[str, float] = {}
        with connect(self._settings) as connection:
            connection.autocommit = True
            coins, coins_at = _coins(connection), time.monotonic()
            while not self._stop.is_set():
                asked = time.monotonic()
                if asked - coins_at > COINS_SECONDS:
                    coins, coins_at = _coins(connection), asked
                rows = connection.execute(NEWEST, [coins]).fetchall()
                now = time.time()
                self.looks.append(now)
                self.seen += [Seen(coin, price, now) for coin, price in rows if newest.get(coin) != price]
                newest |= dict(rows)
                self._stop.wait(max(0, ASK_SECONDS - (time.monotonic() - asked)))


def _coins(connection: psycopg.Connection) -> list[str]:
    return [coin for (coin,) in connection.execute(COINS)]

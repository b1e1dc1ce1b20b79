"""The market that the tests of the shared stack look at: what is polled, what is garbage, and what comes out."""

from typing import Any

import psycopg

from coinloom.settings import Settings
from serving.marts import read_marts
from stores.database import connect

MARTS = {mart.name: ", ".join(mart.key) for mart in read_marts()}
GARBAGE = [b"garbage", b"", b"\xff\xfe", b"[]", b'{"coin_id": "x", "vs_currency": "usd", "price": 0}']
POLLS = 80

Rows = dict[str, list[dict[str, Any]]]


def read_published(settings: Settings) -> Rows:
    """All rows of each mart in PostgreSQL, in the order of its key."""
    with connect(settings) as connection, connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return {
            mart: cursor.execute(f"select * from marts.{mart} order by {key}").fetchall()  # noqa: S608 names of ours
            for mart, key in MARTS.items()
        }

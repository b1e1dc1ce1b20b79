"""The code of docs/bi.md, run as it is written there over the made market: rows, numbers and types are PostgreSQL's."""

import re
from datetime import datetime
from typing import Any

import pandas
import polars
import psycopg
import pytest

from coinloom.settings import REPOSITORY, Settings
from stores.database import as_reader, connect

PAGE = (REPOSITORY / "docs" / "bi.md").read_text(encoding="utf-8")
COLUMNS = ["coin_id", "bar_minute", "price", "rsi_14", "is_filled", "update_count"]
PYTHON_TYPES = (str, datetime, float, float, bool, int)
PANDAS_TYPES = ["str", "datetime64[us]", "float64", "float64", "bool", "int64"]
DOUBLE = polars.Float64
POLARS_TYPES = [polars.String, polars.Datetime("us"), DOUBLE, DOUBLE, polars.Boolean, polars.Int64]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


ASKING, *READING = blocks("python")
TOLD_APART = ["pandas, ADBC", "pandas, psycopg", "polars, ADBC", "polars, psycopg"]
STATEMENTS = [statement for statement in blocks("sql") if "attach" not in statement and "my_copy" not in statement]
(WHAT_MAY_HAVE_CHANGED,) = (statement for statement in blocks("sql") if "my_copy" in statement)


@pytest.fixture
def here(market: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the first block of the page defines, with the address of this server, and the password in its place."""
    assert market.bi_reader_password is not None
    monkeypatch.setenv("PGPASSWORD", market.bi_reader_password.get_secret_value())
    defined: dict[str, Any] = {}
    exec(ASKING.replace("127.0.0.1:5432", f"127.0.0.1:{market.postgres_port}"), defined)  # noqa: S102 our own page
    assert f"127.0.0.1:{market.postgres_port}/{market.postgres_db}" in defined["uri"]
    return defined


def test_the_page_has_a_block_for_each_way() -> None:
    assert len(READING) == len(TOLD_APART)
    for block, name in zip(READING, TOLD_APART, strict=True):
        library, driver = name.split(", ")
        assert library in block
        assert driver.lower() in block


@pytest.mark.parametrize("block", READING, ids=TOLD_APART)
def test_the_page_reads_what_is_in_postgresql(here: dict[str, Any], market: Settings, block: str) -> None:
    with connect(market) as connection:
        rows = connection.execute(here["query"]).fetchall()
    assert len(rows) > 300
    assert [tuple(map(type, row)) for row in rows] == [PYTHON_TYPES] * len(rows)
    exec(block, here)  # noqa: S102 our own page
    prices = here["prices"]
    assert list(prices.columns) == COLUMNS
    if isinstance(prices, pandas.DataFrame):
        assert [str(kind) for kind in prices.dtypes] == PANDAS_TYPES
        assert list(prices.itertuples(index=False, name=None)) == rows
    else:
        assert prices.dtypes == POLARS_TYPES
        assert prices.rows() == rows


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_sql_of_the_page_finds_rows(market: Settings, statement: str) -> None:
    with connect(as_reader(market)) as connection:
        assert connection.execute(statement).fetchall()


MART = """
    create temporary table mart as
    select
        coin, timestamp '2026-01-01' + n * interval '1 hour' as bar_minute,
        1 + (n >= 24)::int as price, n < 34 as is_closed
    from generate_series(0, 59) as n
    inner join (values ('old', %(began)s), ('new', 26)) as coins (coin, began) on n >= began
"""
COPY = """
    create temporary table my_copy as
    select coin, bar_minute, 1 as price, bar_minute < '2026-01-02 00:00' as is_closed
    from mart
    where coin = 'old' and bar_minute < '2026-01-03 02:00'
"""


@pytest.mark.parametrize(("began", "since"), [(0, datetime(2026, 1, 1, 23)), (45, datetime(2026, 1, 2, 2))])
def test_a_copy_keeps_up(market: Settings, began: int, since: datetime) -> None:
    """The copy is of hour 49, when hours from 24 on were open. Now it is hour 59: these have another price, 34 and
    later are open, and `new` has come. Its first price, fetched in hour 50, was a day old; the pipeline may be younger.
    """
    with connect(market) as connection:
        connection.cursor_factory = psycopg.ClientCursor  # `create table as` takes no parameters
        connection.execute(MART, {"began": began})
        connection.execute(COPY)
        asked = connection.execute(WHAT_MAY_HAVE_CHANGED.replace("marts.crypto_table", "mart")).fetchall()
        assert min(bar_minute for _, bar_minute, *_ in asked) == since
        connection.execute("delete from my_copy where bar_minute >= %s", [since])
        connection.cursor().executemany("insert into my_copy values (%s, %s, %s, %s)", asked)
        copied = connection.execute("select * from my_copy order by coin, bar_minute").fetchall()
        assert copied == connection.execute("select * from mart order by coin, bar_minute").fetchall()

from collections.abc import Iterator

import pytest
from dbt import compilation
from dbt.artifacts.resources.v1.components import InjectedCTE

from dbt_coinloom import quick_injection
from dbt_coinloom.quick_injection import QuickInjection, injected

DBTS_OWN = quick_injection.dbts_own
ROWS = [
    InjectedCTE(id="prices", sql=" __dbt__cte__prices as (select 1 as price)"),
    InjectedCTE(id="bars", sql=" __dbt__cte__bars as (\nwith made_up as (select 2) select * from made_up)"),
]
FOUND_AT_A_LOOK = (
    "with bars as (select 1) select * from bars",
    "\n\n-- depends_on: a with b; c\n  -- more\nWITH\n\n bars as (\n select 1 -- of a; b\n)\nselect *\nfrom bars\n\n",
    "with bars as (with prices as (select 1) select * from prices) select * from bars",
)
LEFT_TO_DBT = (
    "select * from bars where (bar_hour between '2026-01-01T12' and '2026-01-01T14')",
    "select * from (with bars as (select 1) select * from bars) as bars",
    "with recursive bars as (select 1) select * from bars",
    "/* bars */ with bars as (select 1) select * from bars",
    "with -- bars\nbars as (select 1) select * from bars",
    "with bars as (select 1) select * from bars; select 2",
    "with bars as (select ';' as sign) select * from bars",
    "without",
)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    compilation.inject_ctes_into_sql = DBTS_OWN


@pytest.mark.parametrize("sql", FOUND_AT_A_LOOK + LEFT_TO_DBT)
@pytest.mark.parametrize("rows", [[], ROWS[:1], ROWS], ids=["no rows", "of one", "of two"])
def test_rows_are_put_where_dbt_puts_them(sql: str, rows: list[InjectedCTE]) -> None:
    assert injected(sql, rows) == DBTS_OWN(sql, rows)


@pytest.mark.parametrize("sql", FOUND_AT_A_LOOK)
def test_sql_that_begins_with_its_first_query_is_not_taken_apart(sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_injection, "dbts_own", None)
    assert ROWS[0].sql in injected(sql, ROWS)


def test_only_our_project_is_compiled_so() -> None:
    QuickInjection("coinloom")
    assert compilation.inject_ctes_into_sql is injected
    QuickInjection("jaffle_shop")
    assert compilation.inject_ctes_into_sql is DBTS_OWN

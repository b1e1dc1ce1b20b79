"""The whole market as a table that keeps its order, filters and place while its rows change.

The short expressions in it are AG Grid's own for columns: how a number is written, and which class a cell has.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import dash_ag_grid as dag

from dashboard import names
from dashboard.address import CHANGES
from dashboard.database import Row
from dashboard.numbers import SMALLEST_CHANGE

# As numbers.py writes them.
PRICE = "params.value == null ? '–' : d3.format(params.value < 1e6 ? ',.6~r' : ',.0f')(params.value)"
AMOUNT = (
    "params.value == null ? '–' : "
    "Math.abs(params.value) < 1 ? d3.format('.4~r')(params.value) : "
    "Math.abs(params.value) < 1e12 ? d3.format('.4~s')(params.value).replace('G', 'B').replace('k', 'K') : "
    "d3.format(',.4~r')(params.value / 1e12) + 'T'"
)
PLAIN = "params.value == null ? '–' : d3.format('.1f')(params.value)"
CHANGE = (
    f"params.value == null ? '–' : (params.value >= {SMALLEST_CHANGE} ? '▲ ' : "
    f"params.value <= -{SMALLEST_CHANGE} ? '▼ ' : '') + "
    "d3.format(',.2f')(Math.abs(params.value)) + '%'"
)
CLASSES = {
    "up": f"params.value >= {SMALLEST_CHANGE}",
    "down": f"params.value <= -{SMALLEST_CHANGE}",
    "flat": f"!(Math.abs(params.value) >= {SMALLEST_CHANGE})",
}
COLUMNS = (
    "coin_id", "symbol", "name", "price", "market_cap", "market_cap_rank", "volume_24h", "rsi_14",
    *(f"price_change_{change}_pct" for change in CHANGES),
)  # fmt: skip


def market_table(rows: Sequence[Row]) -> dag.AgGrid:
    return dag.AgGrid(
        id="market",
        rowData=list(rows),
        columnDefs=_columns(),
        defaultColDef={"sortable": True, "filter": True, "resizable": True, "suppressHeaderMenuButton": True},
        getRowId="params.data.coin_id",
        dashGridOptions={
            "theme": {"function": "themeQuartz"},
            "rowHeight": 40,
            "rowBuffer": 2,
            "headerHeight": 36,
            "animateRows": False,
            "enableCellTextSelection": True,
            "suppressMenuHide": True,
            "loading": False,
        },
        className="market",
    )


def market_rows(rows: Sequence[Row], currency: str) -> list[Row]:
    """What the table shows of `coin_overview`; its line has an address of its own, which changes every five minutes."""
    query = _line_query(rows[0]["as_of"], currency) if rows else ""
    return [
        {column: row[column] for column in COLUMNS}
        | {"symbol": names.symbol(row), "name": names.name(row), "line": _line(row["coin_id"], query)}
        for row in rows
    ]


def _line(coin_id: str, query: str) -> str:
    """A quoted id has nothing left that would end the `url()` of a style."""
    return f"/sparkline/{quote(coin_id, safe='')}.svg?{query}"


def _line_query(until: datetime, currency: str) -> str:
    return urlencode({"currency": currency, "until": f"{until:%Y%m%dT%H}{until.minute // 5 * 5:02d}"})


def _columns() -> list[dict[str, Any]]:
    return [
        _number("market_cap_rank", "#", "params.value", width=52, pinned="left"),
        {"field": "symbol", "headerName": "Symbol", "width": 88, "pinned": "left", "cellClass": "symbol"},
        {"field": "name", "headerName": "Name", "minWidth": 130, "flex": 3, "filter": "agTextColumnFilter"},
        _number("price", "Price", PRICE, minWidth=130, flex=2),
        *(_change(change) for change in CHANGES),
        _number("rsi_14", "RSI", PLAIN, width=64),
        _number("market_cap", "Market cap", AMOUNT, minWidth=98, flex=1),
        _number("volume_24h", "Volume 24h", AMOUNT, minWidth=98, flex=1),
        {
            "field": "line",
            "headerName": "6 hours",
            "valueFormatter": {"function": "''"},
            "getQuickFilterText": {"function": "params.data.coin_id"},  # its address has words that all rows have
            "cellStyle": {"function": "({backgroundImage: 'url(' + params.value + ')'})"},
            "width": 122,
            "sortable": False,
            "filter": False,
            "cellClass": "line",
        },
    ]


def _number(field: str, header: str, text: str, **look: Any) -> dict[str, Any]:
    return {
        "field": field,
        "headerName": header,
        "type": "rightAligned",
        "filter": "agNumberColumnFilter",
        "valueFormatter": {"function": text},
        **look,
    }


def _change(change: str) -> dict[str, Any]:
    return _number(f"price_change_{change}_pct", change, CHANGE, minWidth=88, flex=1, cellClassRules=CLASSES)

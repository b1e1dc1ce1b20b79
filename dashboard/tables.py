"""Rows as a file that others open: CSV that a spreadsheet takes for text, or Parquet."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from dashboard.database import Row

# With its first conversion pyarrow imports pandas, if that is installed: now, as Plotly, which looks for it whenever it
# writes a figure, must not find half of it in another thread.
pa.array([None])

FORMULA_BEGINS_WITH = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(rows: Sequence[Row]) -> bytes:
    """Text that a spreadsheet would take for a formula begins with an apostrophe."""
    harmless = [{name: _harmless(value) for name, value in row.items()} for row in rows]
    buffer = BytesIO()
    pyarrow.csv.write_csv(pa.Table.from_pylist(harmless), buffer)
    return buffer.getvalue()


def as_parquet(rows: Sequence[Row]) -> bytes:
    buffer = BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist(list(rows)), buffer)
    return buffer.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_BEGINS_WITH) else value

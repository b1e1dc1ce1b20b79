"""Tables of results: on the terminal, and in README.md between the markers of their part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape
from rich.table import Table as RichTable

from coinloom.errors import CoinloomError


class MarkersMissing(CoinloomError):
    """The file has no place for these results."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title; all columns but the first are numbers, unless `numbers` is False."""

    title: str
    header: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    numbers: bool = True

    def markdown(self) -> str:
        rule = ["---", *["---:" if self.numbers else "---"] * (len(self.header) - 1)]
        lines = ["| " + " | ".join(cells) + " |" for cells in (self.header, rule, *self.rows)]
        return "\n".join([f"**{self.title}**", "", *lines])

    def rich(self) -> RichTable:
        table = RichTable(title=escape(self.title), title_justify="left")
        for number, name in enumerate(self.header):
            table.add_column(escape(name), justify="right" if number and self.numbers else "left")
        for row in self.rows:
            table.add_row(*map(escape, row))
        return table


def publish(readme: Path, part: str, tables: Sequence[Table], origin: str) -> None:
    """Replace what stands between the part's two markers."""
    before, after = _around(readme, part)
    sections = "\n\n".join([origin, *(table.markdown() for table in tables)])
    readme.write_text(f"{before}\n\n{sections}\n\n{after}")


def require_markers(readme: Path, parts: Sequence[str]) -> None:
    """Raises:
    MarkersMissing: the file does not have those of a part.
    """
    for part in parts:
        _around(readme, part)


def seconds(value: float) -> str:
    return f"{value:.1f}"


def megabytes(value: int) -> str:
    return f"{value / 2**20:,.0f}"


def _around(readme: Path, part: str) -> tuple[str, str]:
    """The text up to the first marker and from the last one on, markers included."""
    first, last = f"<!-- results of {part} -->", f"<!-- end of {part} -->"
    before, found_first, rest = readme.read_text().partition(first)
    _, found_last, after = rest.partition(last)
    if not (found_first and found_last):
        raise MarkersMissing(f"{readme} needs the lines '{first}' and '{last}', to put the results between them.")
    return before + first, last + after

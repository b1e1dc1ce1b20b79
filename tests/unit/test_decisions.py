"""The pages of docs/decisions/ and their index say the same, and each page says how we will know that it was right."""

import re
from pathlib import Path

import pytest

from coinloom.settings import REPOSITORY

FOLDER = REPOSITORY / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
ROW = re.compile(r"^\| \[(\d+)\]\(([\w.-]+)\) \| (.+) \| (.+) \|$", re.MULTILINE)
PARTS = ["Context", "Decision", "We will know it was right"]


def test_the_index_lists_every_page_in_order() -> None:
    rows = ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))
    assert len(rows) >= 18
    assert [file for _, file, _, _ in rows] == [page.name for page in PAGES]
    assert [int(number) for number, _, _, _ in rows] == list(range(1, len(PAGES) + 1))
    assert all(status.startswith(("in force", "replaced by")) for _, _, _, status in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem[:4])
def test_a_page_has_its_number_and_its_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(page.name[:4])}. ")
    found = re.findall(r"^\*\*(.+?)\.?\*\*", text, re.MULTILINE)
    assert [part for part in found if part in PARTS] == PARTS
    assert len(text.split("**We will know it was right**")[1].split()) > 8

"""Options of the test command."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--price-file",
        type=Path,
        help="a CSV of prices, as `coinloom load` takes it: the independent check is made on it, not on its own series",
    )

"""Which tests run, beside which others, and what the command says at its end.

Tests that share servers are one group, and a group runs in one process, test by test. Groups run side by side.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coinloom.settings import Target
from stack.java import SHORT_LIVED

TESTS = Path(__file__).parent
os.environ.setdefault("JDK_JAVA_OPTIONS", SHORT_LIVED)
# The groups that take longest begin; the others follow in the order of their names, and unit tests fill the rest.
LONGEST_FIRST = (
    *("spark", "stack", "postgres", "test_readme", "test_chaos", "test_up_and_down"),
    *("spark_session", "test_backfill", "test_supervisor", "test_server"),
)
SLOWEST_FILES = 15


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--price-file",
        type=Path,
        help="a CSV of prices, as `coinloom load` takes it: the independent check is made on it, not on its own series",
    )
    parser.addoption(
        "--long", action="store_true", help="run the tests that repeat a proof with more examples, seeds and kills"
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    for item in items:
        if not _is_unit_test(item):
            item.add_marker(pytest.mark.integration)
        if _is_slow_twin(item):
            item.add_marker(pytest.mark.long)
        if item.get_closest_marker("long") and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason="repeats a proof, with more examples or on Spark: make test-long"))
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    yield  # xdist reads the groups, and pytest brings tests together that share a parameter
    items.sort(key=_place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The slowest files; what was skipped, and why, follows from -ra."""
    reports = [report for of_kind in terminalreporter.stats.values() for report in of_kind]
    seconds: Counter[str] = Counter()
    for report in reports:
        if isinstance(report, pytest.TestReport):
            seconds[report.nodeid.split("::")[0]] += report.duration
    terminalreporter.section("slowest files, with the servers that they were the first to need")
    for file, duration in seconds.most_common(SLOWEST_FILES):
        terminalreporter.write_line(f"{duration:6.0f} s  {file}")


def _is_unit_test(item: pytest.Item) -> bool:
    return item.path.is_relative_to(TESTS / "unit")


def _is_slow_twin(item: pytest.Item) -> bool:
    """Whether it is on Spark what it is on PostgreSQL as well."""
    return "quick_warehouse" in getattr(item, "fixturenames", ()) and _parameters(item)["warehouse"] is Target.SPARK


def _parameters(item: pytest.Item) -> dict[str, Any]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def _group(item: pytest.Item) -> str:
    fixtures = getattr(item, "fixturenames", ())
    if "spark_servers" in fixtures:
        return "spark"
    if "spark" in fixtures:
        return "spark_session"
    if "own_postgres" in fixtures:
        return "dashboard"
    if "warehouse" in fixtures:
        return str(_parameters(item)["warehouse"])
    return "stack" if "stack" in fixtures else item.path.stem


def _place(item: pytest.Item) -> tuple[int, int, str]:
    group = _group(item)
    rank = LONGEST_FIRST.index(group) if group in LONGEST_FIRST else len(LONGEST_FIRST)
    return _is_unit_test(item), rank, group

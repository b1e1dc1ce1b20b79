"""Queries side by side: one that fails starts again, and the others do not notice."""

import logging
import threading
from collections.abc import Callable

import pytest

from spark_streaming.side_by_side import LONGEST_WAIT_SECONDS, each_for_ever, each_once
from stores.database import DatabaseUnavailable


class Query:
    """Does what each entry of its script says, one entry for each run; then it ends."""

    def __init__(self, name: str, *script: Exception | Callable[[], object]) -> None:
        self.name = name
        self.runs = 0
        self._script = script

    def run(self) -> None:
        self.runs += 1
        if self.runs <= len(self._script):
            step = self._script[self.runs - 1]
            if isinstance(step, Exception):
                raise step
            step()


def test_a_query_that_fails_starts_again_while_the_other_one_runs(caplog: pytest.LogCaptureFixture) -> None:
    has_ended, waits = threading.Event(), []
    steady = Query("parquet", lambda: has_ended.wait(10))
    failing = Query("postgres", *[DatabaseUnavailable("PostgreSQL is away.\n  Check POSTGRES_HOST")] * 8, has_ended.set)
    with caplog.at_level(logging.ERROR, "spark_streaming"):
        each_for_ever([steady, failing], is_worth_it=lambda: True, sleep=waits.append)
    assert (steady.runs, failing.runs) == (1, 9)
    assert waits[0] < waits[2] < waits[4]
    assert waits[0] <= 2
    assert waits[-1] == max(waits) == LONGEST_WAIT_SECONDS
    ours = [record.getMessage() for record in caplog.records if record.name == "spark_streaming"]
    assert len(ours) == 8
    assert "postgres: landing failed, the other sinks go on; it starts again in" in ours[0]
    assert ours[0].endswith("PostgreSQL is away. Check POSTGRES_HOST")
    assert "Traceback" not in caplog.text


def test_a_query_that_was_well_for_a_while_starts_again_soon() -> None:
    now, waits = [0.0], []

    def fail_after(seconds: float) -> Callable[[], None]:
        def fail() -> None:
            now[0] += seconds
            raise DatabaseUnavailable("away")

        return fail

    query = Query("postgres", *[fail_after(1)] * 5, fail_after(LONGEST_WAIT_SECONDS + 1), fail_after(1))
    each_for_ever([query], is_worth_it=lambda: True, sleep=waits.append, clock=lambda: now[0])
    assert waits[4] > 15
    assert waits[5] <= 2
    assert 2 <= waits[6] <= 3


def test_what_nobody_expected_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    each_for_ever([Query("parquet", RuntimeError("x" * 9_000))], is_worth_it=lambda: True, sleep=lambda _: None)
    assert "Traceback" in caplog.text
    assert len(caplog.messages[0]) < 700


def test_without_spark_nothing_is_tried_again() -> None:
    query = Query("parquet", RuntimeError("Spark is gone"))
    with pytest.raises(RuntimeError, match="Spark is gone"):
        each_for_ever([query], is_worth_it=lambda: False, sleep=lambda _: None)
    assert query.runs == 1


def test_once_means_once_and_the_others_still_end() -> None:
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise DatabaseUnavailable("away")

    failing, steady = Query("postgres", fail), Query("parquet", lambda: failed.wait(10))
    with pytest.raises(DatabaseUnavailable, match="away"):
        each_once([failing, steady])
    assert (failing.runs, steady.runs) == (1, 1)

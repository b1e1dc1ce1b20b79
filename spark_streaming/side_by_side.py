"""Runs the queries of all sinks at once, so that one sink that is down never stops another."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import psycopg
import tenacity

from coinloom.errors import CoinloomError

LONGEST_WAIT_SECONDS = 30  # a sink that is back is noticed that late
LONGEST_MESSAGE = 500  # Spark puts the stack of the JVM into its own; the traceback has it, too

log = logging.getLogger("spark_streaming")


class Query(Protocol):
    """What lands in one sink. `run` returns when it has ended, and raises when it has failed."""

    name: str

    def run(self) -> None: ...


def each_once(queries: Sequence[Query]) -> None:
    """Run every query to its end; when all have ended, raise what one of them failed with."""
    _side_by_side([query.run for query in queries])


def each_for_ever(
    queries: Sequence[Query],
    *,
    is_worth_it: Callable[[], bool],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run every query until it ends by itself; one that fails starts again, after a wait that grows.

    One that has run for longer than the longest wait was well: its waits begin anew.

    Raises the failure of a query that `is_worth_it` does not want to start again, when the others have ended, too.
    """
    _side_by_side([_again_and_again(query, is_worth_it, sleep, clock) for query in queries])


def _side_by_side(calls: Sequence[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(call) for call in calls]
    for query in running:
        query.result()


def _again_and_again(
    query: Query, is_worth_it: Callable[[], bool], sleep: Callable[[float], None], clock: Callable[[], float]
) -> Callable[[], None]:
    growing = tenacity.wait_exponential_jitter(initial=1, max=LONGEST_WAIT_SECONDS, jitter=1)
    began = clock()

    def run() -> None:
        nonlocal began
        began = clock()
        query.run()

    def wait(state: tenacity.RetryCallState) -> float:
        if clock() - began > LONGEST_WAIT_SECONDS:
            state.attempt_number = 1
        return growing(state)

    def log_failure(state: tenacity.RetryCallState) -> None:
        _log_failure(query.name, state)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda _error: is_worth_it()),
        wait=wait,
        before_sleep=log_failure,
        sleep=sleep,
        reraise=True,
    )
    return lambda: retrying(run)


def _log_failure(name: str, state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    is_expected = isinstance(error, CoinloomError | psycopg.Error)
    words = " ".join(str(error).split())[:LONGEST_MESSAGE]
    what = "%s: landing failed, the other sinks go on; it starts again in %.0f s: %s"
    log.error(what, name, state.upcoming_sleep, words, exc_info=None if is_expected else error)

"""Runs the queries of all sinks at once, so that one sink that is down never stops another."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import psycopg
import tenacity

from coinloom.errors import CoinloomError

# As long as a trigger: a sink that is back is noticed as soon as new messages would be.
LONGEST_WAIT_SECONDS = 30
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
    queries: Sequence[Query], *, is_worth_it: Callable[[], bool], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Run every query until it ends by itself; one that fails starts again, after a wait that grows.

    Raises the failure of a query that `is_worth_it` does not want to start again, when the others have ended, too.
    """
    _side_by_side([_again_and_again(query, is_worth_it, sleep) for query in queries])


def _side_by_side(calls: Sequence[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(call) for call in calls]
    for query in running:
        query.result()


def _again_and_again(
    query: Query, is_worth_it: Callable[[], bool], sleep: Callable[[float], None]
) -> Callable[[], None]:
    def log_failure(state: tenacity.RetryCallState) -> None:
        _log_failure(query.name, state)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda _error: is_worth_it()),
        wait=tenacity.wait_exponential_jitter(initial=1, max=LONGEST_WAIT_SECONDS, jitter=1),
        before_sleep=log_failure,
        sleep=sleep,
        reraise=True,
    )
    return lambda: retrying(query.run)


def _log_failure(name: str, state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    is_expected = isinstance(error, CoinloomError | psycopg.Error)
    words = " ".join(str(error).split())[:LONGEST_MESSAGE]
    what = "%s: landing failed, the other sinks go on; it starts again in %.0f s: %s"
    log.error(what, name, state.upcoming_sleep, words, exc_info=None if is_expected else error)

"""Is each stage healthy? One line that says why not, and an exit code, for a container, a scheduler or a script."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from coinloom.clock import utc_now
from coinloom.settings import Settings, Stage
from coinloom.wording import printable
from health.report import read_stages
from health.verdicts import State, Verdict, verdicts, worst

PATIENCE_SECONDS = 10
"""What is away is noticed after 5 at most; this is for what is there and does not answer."""


@contextmanager
def broken_if_not_known() -> Iterator[None]:
    """An exit code of 1 would say that something is stale."""
    try:
        yield
    except Exception as error:
        typer.echo(f"It is not known how Coinloom is: {printable(str(error))}", err=True)
        raise typer.Exit(State.BROKEN) from error


def look(settings: Settings, stages: Collection[Stage]) -> list[Verdict]:
    """A verdict for each of these stages, all of them if none is named; within PATIENCE_SECONDS."""
    return verdicts(read_stages(settings, stages or tuple(Stage), PATIENCE_SECONDS), settings, utc_now())


def in_one_line(found: Sequence[Verdict]) -> str:
    """The worst first, and what has the same reason together; if all is healthy, what that is."""
    bad: dict[tuple[State, str], list[str]] = {}
    for verdict in sorted(found, key=lambda verdict: -verdict.state):
        if verdict.state is not State.HEALTHY:
            bad.setdefault((verdict.state, verdict.reason), []).append(verdict.stage)
    if not bad:
        return f"healthy: {', '.join(verdict.stage for verdict in found)}"
    return printable(" ".join(_group(stages, state, reason) for (state, reason), stages in bad.items()))


def as_data(found: Sequence[Verdict]) -> dict[str, Any]:
    """For JSON."""
    stages = [{"stage": verdict.stage, "state": _word(verdict.state), "reason": verdict.reason} for verdict in found]
    return {"state": _word(worst(found).state), "stages": stages}


def show_check(settings: Settings, stages: Collection[Stage], *, as_json: bool) -> State:
    """Print it; returns the worst state."""
    found = look(settings, stages)
    typer.echo(json.dumps(as_data(found)) if as_json else in_one_line(found))
    return worst(found).state


def _group(stages: Sequence[str], state: State, reason: str) -> str:
    return f"{', '.join(stages)} {'is' if len(stages) == 1 else 'are'} {_word(state)}: {reason}"


def _word(state: State) -> str:
    return state.name.lower()

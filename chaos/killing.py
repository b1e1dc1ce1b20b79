"""Kills running parts of the pipeline, one after the other; its supervisor starts them again."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from stack.supervisor import Supervisor

SHORTEST_PAUSE = 0.2  # seconds: what has just been started is hit as well
WAIT_FOR_RESTART_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to kill, at most so many seconds after the kill before; the seed says whom and when."""

    kills: int
    seed: int
    longest_pause: float


def kill_at_random(supervisor: Supervisor, names: list[str], plan: Plan, say: Callable[[str], None]) -> Counter[str]:
    """SIGKILL for these parts, as planned; returns how often each was hit.

    Half of the time a part's children die with it, as when its machine does; else they have to notice.
    """
    chance = random.Random(plan.seed)  # noqa: S311 not for secrets
    killed: Counter[str] = Counter()
    for number in range(1, plan.kills + 1):
        time.sleep(chance.uniform(SHORTEST_PAUSE, plan.longest_pause))
        name, with_children = chance.choice(names), chance.random() < 0.5  # noqa: PLR2004
        _kill(_process(supervisor, name), with_children=with_children)
        killed[name] += 1
        say(f"kill {number} of {plan.kills}: {name}")
    return killed


def _process(supervisor: Supervisor, name: str) -> psutil.Process:
    """The part's process, once it is there again."""
    deadline = time.monotonic() + WAIT_FOR_RESTART_SECONDS
    while time.monotonic() < deadline:
        pids = {state.name: state.pid for state in supervisor.states()}
        with suppress(psutil.NoSuchProcess):
            if (pid := pids[name]) is not None:
                return psutil.Process(pid)
        time.sleep(0.1)
    raise TimeoutError(f"{name} was not started again within {WAIT_FOR_RESTART_SECONDS} s")


def _kill(process: psutil.Process, *, with_children: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        children = process.children(recursive=True) if with_children else []
        process.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()

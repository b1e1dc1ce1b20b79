"""One run: the stack with its simulator, a reader of the marts, and what each of our processes takes meanwhile."""

import threading
import time
from dataclasses import dataclass

from benchmarks.freshness_parts import Ages, PartTimes, Watched, ages_of_updates, parts_of_polls
from benchmarks.freshness_reader import Reader
from benchmarks.freshness_updates import landed_updates
from benchmarks.freshness_watching import LandingWatch, builds_in
from benchmarks.servers import temporary_home
from benchmarks.services_usage import ServiceUsage, Usage
from coinloom.progress import Steps
from coinloom.settings import Target
from stack import lifecycle, services
from stack.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run for how long: seconds between polls, to warm up, and to measure."""

    target: Target
    poll_interval: float
    warm_up: float
    measured: float


@dataclass(frozen=True, slots=True)
class Freshness:
    """`usage` is that of each service while it was measured."""

    plan: Plan
    ages: Ages
    parts: PartTimes
    usage: dict[str, ServiceUsage]


def measure_freshness(plan: Plan, steps: Steps) -> Freshness:
    """Run `coinloom up --simulate` with this plan in a stack of its own, and stop it."""
    home = f"freshness-{plan.target}"
    with temporary_home(home, dbt_target=plan.target, poll_interval_seconds=plan.poll_interval) as settings:
        simulator = services.simulator(settings, hours=0, speed=1)
        watched = f"{plan.target}, a poll every {plan.poll_interval:g} s"
        lifecycle.start(settings, [simulator, *services.pipeline(settings, with_build=True)], steps)
        stop = threading.Event()
        reader, landing = Reader(settings, stop), LandingWatch(settings, stop)
        with steps.step(f"Warm up: {watched}"):
            time.sleep(plan.warm_up)
        with steps.step(f"Measure: {watched}"), reader.running(), landing.running():
            usage = Usage(Supervisor(settings))
            begin = time.time()
            while time.time() < begin + plan.measured:
                usage.look()
                time.sleep(min(5, plan.measured))
            end = time.time()
            used = usage.taken()
        updates = landed_updates(settings)
        watched_times = Watched(landing.changes, reader.looks, builds_in(settings.coinloom_home / "logs" / "build.log"))
        ages = ages_of_updates(updates, reader.seen, begin, end)
        return Freshness(plan, ages, parts_of_polls(updates, watched_times, begin, end), used)

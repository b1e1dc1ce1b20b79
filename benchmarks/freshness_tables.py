"""The results of freshness_run.py as tables."""

from collections.abc import Sequence
from math import ceil, inf
from statistics import median

from benchmarks.freshness_parts import PARTS
from benchmarks.freshness_run import Freshness
from benchmarks.services_usage import usage_table
from benchmarks.tables import Table, seconds
from coinloom.settings import Target

# What is claimed, for polls every 30 s: seconds, at most, for 95 of 100 updates.
MOST_SECONDS = {Target.SPARK: 15, Target.POSTGRES: 5}
CLAIMED_INTERVAL = 30.0


def tables(results: Sequence[Freshness]) -> list[Table]:
    if not results:
        return []
    usage = usage_table({_named(result): result.usage for result in results})
    return [*_verdicts(results), _ages(results), _parts(results), usage]


def p95(values: Sequence[float]) -> float:
    """The least value that 95 of 100 do not exceed."""
    return sorted(values)[ceil(0.95 * len(values)) - 1] if values else float("nan")


def _verdicts(results: Sequence[Freshness]) -> list[Table]:
    """None if no poll came every 30 s. What the reader never saw is older than any bar."""
    table = Table("The bars", ["target", "p95 in seconds, a poll every 30 s", "at most", "met"])
    for result in results:
        if result.plan.poll_interval == CLAIMED_INTERVAL:
            ages, most = result.ages, MOST_SECONDS[result.plan.target]
            found = p95([*ages.seconds, *[inf] * ages.unseen])
            table.rows.append([result.plan.target, seconds(found), f"{most}", "yes" if found <= most else "**no**"])
    return [table] if table.rows else []


def _ages(results: Sequence[Freshness]) -> Table:
    header = ["target", "poll every s", "minutes", "updates", "median s", "p95 s", "max s", "same price", "not seen"]
    table = Table("Age of an update when the reader first sees it", header)
    for result in results:
        plan, ages = result.plan, result.ages
        three = (median(ages.seconds), p95(ages.seconds), max(ages.seconds)) if ages.seconds else ()
        counts = (f"{ages.indistinct:,}", f"{ages.unseen:,}")
        named = [plan.target, f"{plan.poll_interval:g}", f"{plan.measured / 60:g}", f"{len(ages.seconds):,}"]
        table.rows.append([*named, *map(seconds, three), *counts])
    return table


def _parts(results: Sequence[Freshness]) -> Table:
    table = Table("Its parts, median (p95) seconds of the polls", ["target", "poll every s", *PARTS])
    for result in results:
        cells = [_median_and_p95(result.parts[part]) for part in PARTS]
        table.rows.append([result.plan.target, f"{result.plan.poll_interval:g}", *cells])
    return table


def _named(result: Freshness) -> str:
    return f"{result.plan.target}, {result.plan.poll_interval:g} s"


def _median_and_p95(values: Sequence[float]) -> str:
    return f"{median(values):.1f} ({p95(values):.1f})" if values else "-"

"""The results of sustained_run.py as tables."""

from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.services_usage import usage_table
from benchmarks.sustained_run import GENERATOR, Sustained
from benchmarks.tables import Table, megabytes, seconds


def tables(results: Sequence[Sustained]) -> list[Table]:
    if not results:
        return []
    usage = usage_table({result.load.target: result.usage for result in results}, apart=GENERATOR)
    return [_whole(results), _over_time(results), usage]


def _whole(results: Sequence[Sustained]) -> Table:
    table = Table("Does it keep up?", ["", *(result.load.target for result in results)])
    rows: dict[str, Callable[[Sustained], str]] = {
        "messages": lambda one: f"{one.load.coins * one.load.seconds:,}",
        "messages/s as sent": lambda one: f"{one.load.coins * (one.load.seconds - 1) / one.seconds:,.0f}",
        "not landed yet, messages, median": lambda one: f"{median(look.waiting for look in one.looks):,.0f}",
        "not landed yet, messages, most": lambda one: f"{max(look.waiting for look in one.looks):,}",
        "waiting to be landed, seconds, most": lambda one: seconds(max(look.waiting_seconds for look in one.looks)),
        "builds while messages came, and after": lambda one: str(len(one.builds)),
        "a build, seconds, median": lambda one: seconds(median(_seconds_of_builds(one))),
        "a build, seconds, longest": lambda one: seconds(max(_seconds_of_builds(one))),
        "after the last message: all landed, seconds": lambda one: seconds(one.until_landed),
        "after the last message: all in the marts, seconds": lambda one: seconds(one.until_in_marts),
    }
    table.rows.extend([name, *map(cell, results)] for name, cell in rows.items())
    return table


def _over_time(results: Sequence[Sustained]) -> Table:
    """Each third of the time by itself: what grows without end grows here."""
    header = ["target", "third", "messages not landed, most", "a build begun in it, longest s", "disk at its end, MiB"]
    table = Table("Over time", header)
    for result in results:
        begin, end = result.looks[0].at, result.looks[-1].at
        for third in range(3):
            first, last = begin + (end - begin) * third / 3, begin + (end - begin) * (third + 1) / 3
            looks = [look for look in result.looks if first <= look.at <= last]
            builds = [build.published - build.began for build in result.builds if first <= build.began < last]
            most, longest = f"{max(look.waiting for look in looks):,}", seconds(max(builds)) if builds else "-"
            row = [result.load.target, str(third + 1), most, longest, megabytes(looks[-1].disk_bytes)]
            table.rows.append(row)
    return table


def _seconds_of_builds(result: Sustained) -> list[float]:
    return [build.published - build.began for build in result.builds]

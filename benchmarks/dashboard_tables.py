"""The results of dashboard_run.py as tables."""

from statistics import median

from benchmarks.dashboard_marts import Sizes
from benchmarks.dashboard_run import Seen
from benchmarks.freshness_tables import p95
from benchmarks.tables import Table

# What is claimed: seconds, at most, 95 of 100 times.
MOST_SECONDS = {"page of movers": 1.0, "page of a coin": 1.0, "page of health": 1.0, "change of coin": 0.5}


def tables(sizes: Sizes, seen: Seen) -> list[Table]:
    return [_seconds(seen), _questions(seen), _marts(sizes, seen)] if seen.seconds else []


def _seconds(seen: Seen) -> Table:
    table = Table("Until it is there, seconds", ["what", "times", "median", "p95", "max", "p95 at most", "met"])
    for what, values in seen.seconds.items():
        most = MOST_SECONDS[what]
        met = "yes" if p95(values) <= most else "**no**"
        measured = [f"{value:.2f}" for value in (median(values), p95(values), max(values))]
        table.rows.append([what, f"{len(values)}", *measured, f"{most:g}", met])
    for what, value in seen.first_visits.items():
        table.rows.append([what, "1", f"{value:.2f}", "-", f"{value:.2f}", "-", "-"])
    return table


def _questions(seen: Seen) -> Table:
    rows = [[f"{browsers}", f"{rate:.1f}"] for browsers, rate in seen.questions.items()]
    return Table("Queries a second while nothing is published", ["browsers", "queries a second"], rows)


def _marts(sizes: Sizes, seen: Seen) -> Table:
    named = [
        ["coins", f"{sizes.coins:,}"],
        ["days of minutes of each", f"{sizes.days_of_all}"],
        ["coins with more", f"{sizes.coins_with_more:,}"],
        ["days of minutes of these", f"{sizes.days_of_some}"],
        ["rows of marts.crypto_table", f"{seen.rows:,}"],
    ]
    return Table("What the marts hold", ["what", "how many"], named)

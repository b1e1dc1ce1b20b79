"""The results of landing_run.py as tables."""

from collections.abc import Sequence
from statistics import median

from benchmarks.landing_run import BY_HAND, Landed
from benchmarks.tables import Table, megabytes, seconds
from coinloom.settings import Sink

LEAST_RATIO_OF_PARQUET = 1.0  # to the process written by hand
LEAST_RATE_OF_POSTGRES = 40_000  # rows a second


def tables(results: Sequence[Landed], messages: int) -> list[Table]:
    by_who: dict[str, list[Landed]] = {}
    for result in results:
        by_who.setdefault(result.who, []).append(result)
    rates = {who: median(one.rate for one in all_of_it) for who, all_of_it in by_who.items()}
    if not {BY_HAND, *Sink} <= set(rates):
        return []
    return [_verdicts(rates), _each(by_who, rates, messages)]


def _verdicts(rates: dict[str, float]) -> Table:
    table = Table("The bars", ["claim", "measured", "at least", "met"])
    ratio, rate = rates[Sink.PARQUET] / rates[BY_HAND], rates[Sink.POSTGRES]
    table.rows.append(_verdict("Parquet against by hand", f"{ratio:.2f}", ratio, LEAST_RATIO_OF_PARQUET))
    table.rows.append(_verdict("PostgreSQL, rows/s", f"{rate:,.0f}", rate, LEAST_RATE_OF_POSTGRES))
    return table


def _verdict(claim: str, shown: str, found: float, least: float) -> list[str]:
    return [claim, shown, f"{least:,}", "yes" if found >= least else "**no**"]


def _each(by_who: dict[str, list[Landed]], rates: dict[str, float], messages: int) -> Table:
    header = ["what lands", "runs", "rows/s, median", "least", "most", "against by hand", "command, s", "peak MiB"]
    table = Table(f"A topic of {messages:,} messages", header)
    for who, runs in by_who.items():
        every_rate = [run.rate for run in runs]
        shown = [f"{rate:,.0f}" for rate in (rates[who], min(every_rate), max(every_rate))]
        whole, peak = median(run.seconds for run in runs), max(run.peak_bytes for run in runs)
        ratio = f"{rates[who] / rates[BY_HAND]:.2f}"
        table.rows.append([who, str(len(runs)), *shown, ratio, seconds(whole), megabytes(peak)])
    return table

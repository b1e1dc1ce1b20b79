"""The results of year_run.py as tables."""

from collections.abc import Sequence
from statistics import median

from benchmarks.measuring import ITSELF, Measured
from benchmarks.one_more_poll import SERVER
from benchmarks.tables import Table, megabytes, seconds
from benchmarks.year_run import Results, State

MOST_RATIO_TO_A_DAY = 1.1


def tables(results: Results) -> list[Table]:
    if not results.states:
        return []
    built = [state for state in results.states if state.polls]
    found = [_landing(results), *_maintained(results), *([_builds(built)] if built else [])]
    return [*_verdicts(built), *found]


def _verdicts(built: Sequence[State]) -> list[Table]:
    if len(built) < 3:  # noqa: PLR2004  a day, before, after
        return []
    day, _, after = (_poll_seconds(state) for state in built)
    ratio = after / day
    met = "yes" if ratio <= MOST_RATIO_TO_A_DAY else "**no**"
    claim = "one more poll, compacted against a day, ratio of the medians"
    return [
        Table(
            "The bars",
            ["claim", "measured", "at most", "met"],
            [[claim, f"{ratio:.2f}", f"{MOST_RATIO_TO_A_DAY}", met]],
        )
    ]


def _landing(results: Results) -> Table:
    header = ["landing", "files", "MiB", "MiB on disk"]
    rows = [
        [
            state.title,
            f"{state.landing.files:,}",
            megabytes(state.landing.bytes),
            megabytes(state.landing.bytes_on_disk),
        ]
        for state in results.states
    ]
    return Table(f"{results.batches:,} batches", header, rows)


def _maintained(results: Results) -> list[Table]:
    if results.maintained is None:
        return []
    took = results.maintained.seconds
    row = ["`coinloom maintain`", seconds(took), f"{results.batches / took:,.0f}", megabytes(_peak(results.maintained))]
    return [Table("Compaction", ["command", "seconds", "files a second", "peak MiB"], [row])]


def _builds(built: Sequence[State]) -> Table:
    header = ["history", "full refresh, s", "one more poll, median s", "min s", "max s", "Thrift Server MiB", "dbt MiB"]
    table = Table("`dbt build`", header)
    for state in built:
        each = [poll.seconds for poll in state.polls]
        all_of_it = [*([state.full_refresh] if state.full_refresh else []), *state.polls]
        refresh = seconds(state.full_refresh.seconds) if state.full_refresh else "-"
        times = [refresh, *map(seconds, (median(each), min(each), max(each)))]
        peaks = [megabytes(max(one.peak_bytes[name] for one in all_of_it)) for name in (SERVER, ITSELF)]
        table.rows.append([state.title, *times, *peaks])
    return table


def _poll_seconds(state: State) -> float:
    return median(poll.seconds for poll in state.polls)


def _peak(measured: Measured) -> int:
    return measured.peak_bytes[ITSELF]

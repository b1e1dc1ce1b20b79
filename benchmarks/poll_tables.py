"""The results of one_more_poll.py as tables."""

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.measuring import ITSELF, Measured
from benchmarks.one_more_poll import SERVER
from benchmarks.tables import Table, megabytes, seconds

SLOWEST_NODES = 8

Builds = Mapping[str, Sequence[Measured]]


def median_seconds(builds: Sequence[Measured]) -> float:
    return median(build.seconds for build in builds)


def times(builds: Builds) -> Table:
    """One row per history."""
    header = ["history", "builds", "median s", "min s", "max s", "Thrift Server MiB", "dbt MiB"]
    return Table("`dbt build` after one more poll", header, [_row(title, builds[title]) for title in builds])


def slowest_nodes(builds: Builds) -> Table:
    """Median seconds of the nodes that take longest on the last of the histories."""
    nodes = {title: _median_node_seconds(builds[title]) for title in builds}
    *_, last = nodes.values()
    slowest = sorted(last, key=lambda node: last[node], reverse=True)[:SLOWEST_NODES]
    rows = [[f"`{_name(node)}`", *(seconds(nodes[title].get(node, 0.0)) for title in nodes)] for node in slowest]
    return Table("Its slowest nodes, median seconds (four run at a time)", ["node", *nodes], rows)


def verdicts(claims: Sequence[tuple[str, float, float]]) -> Table:
    """One row per claim: what, measured, and the most that it may be."""
    rows = [[what, f"{value:.2f}", f"{most:g}", "yes" if value <= most else "**no**"] for what, value, most in claims]
    return Table("The bars", ["claim", "measured", "at most", "met"], rows)


def _row(title: str, builds: Sequence[Measured]) -> list[str]:
    walls = [build.seconds for build in builds]
    peaks = [max(build.peak_bytes[name] for build in builds) for name in (SERVER, ITSELF)]
    return [title, str(len(walls)), *map(seconds, (median(walls), min(walls), max(walls))), *map(megabytes, peaks)]


def _median_node_seconds(builds: Sequence[Measured]) -> dict[str, float]:
    nodes = {node for build in builds for node in build.node_seconds}
    return {node: median(build.node_seconds.get(node, 0.0) for build in builds) for node in nodes}


def _name(node: str) -> str:
    """A model by its name, anything else with its kind before it: test every_bar_is_in_crypto_table."""
    kind, _, name, *_ = node.split(".")
    return name if kind == "model" else f"{kind} {name}"

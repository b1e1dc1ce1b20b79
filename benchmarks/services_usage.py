"""What each service of a stack takes: processor time, and memory that is divided where it is shared."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from benchmarks.memory import proportional
from benchmarks.tables import Table, megabytes
from stack.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class ServiceUsage:
    """`cores`: processor time divided by time. `peak_bytes`: the most of its PSS, children included."""

    cores: float
    peak_bytes: int


class Usage:
    """From now on, of all services that run now. What a child that ends between two looks has taken is lost."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._roots = {state.name: psutil.Process(state.pid) for state in supervisor.states() if state.pid}
        self._started = time.monotonic()
        self._at_start = {name: self._seconds_by_process(name) for name in self._roots}
        self._newest = {name: dict(seconds) for name, seconds in self._at_start.items()}
        self._peaks = dict.fromkeys(self._roots, 0)

    def look(self) -> None:
        for name in self._roots:
            self._newest[name] |= self._seconds_by_process(name)
            self._peaks[name] = max(self._peaks[name], sum(map(_pss, self._family(name))))

    def taken(self) -> dict[str, ServiceUsage]:
        self.look()
        passed = time.monotonic() - self._started
        return {name: ServiceUsage(self._seconds(name) / passed, self._peaks[name]) for name in self._roots}

    def _seconds(self, name: str) -> float:
        before = self._at_start[name]
        return sum(seconds - before.get(process, 0) for process, seconds in self._newest[name].items())

    def _family(self, name: str) -> list[psutil.Process]:
        with suppress(psutil.Error):
            return [self._roots[name], *self._roots[name].children(recursive=True)]
        return []

    def _seconds_by_process(self, name: str) -> dict[psutil.Process, float]:
        seconds = {}
        for process in self._family(name):
            with suppress(psutil.Error):
                times = process.cpu_times()
                seconds[process] = times.user + times.system
        return seconds


def _pss(process: psutil.Process) -> int:
    try:
        return proportional(process)
    except psutil.Error:
        return 0


def usage_table(columns: Mapping[str, Mapping[str, ServiceUsage]], apart: str = "") -> Table:
    """A column for each measurement. The service `apart` is the last, and not in the sum."""
    table = Table("Processor in cores, and the most memory in MiB (PSS), of each service", ["service", *columns])
    ours = sorted({service for used in columns.values() for service in used} - {apart})
    for service in [*ours, apart] if apart else ours:
        table.rows.append([service, *(_cell(used, [service]) for used in columns.values())])
    table.rows.append([f"all but the {apart}" if apart else "all", *(_cell(used, ours) for used in columns.values())])
    return table


def _cell(used: Mapping[str, ServiceUsage], services: Sequence[str]) -> str:
    found = [used[service] for service in services if service in used]
    if not found:
        return "-"
    return f"{sum(one.cores for one in found):.2f}, {megabytes(sum(one.peak_bytes for one in found))}"

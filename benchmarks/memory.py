"""Peak memory of processes, looked at twice a second."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.5


def resident(process: psutil.Process) -> int:
    """RSS: what the process holds, shared pages included."""
    return int(process.memory_info().rss)


def proportional(process: psutil.Process) -> int:
    """PSS: a page that several processes share is divided among them; for PostgreSQL's, which share most."""
    return int(process.memory_full_info().pss)


@dataclass(frozen=True, slots=True)
class Watched:
    """A process, how to measure it, and whether its children count.

    A JVM's do not: for a moment each `chmod` that Hadoop starts is a second JVM, sharing all memory with the first.
    """

    pid: int
    measure: Callable[[psutil.Process], int] = resident
    with_children: bool = True


@contextmanager
def peak_memory(watched: Mapping[str, Watched]) -> Iterator[dict[str, int]]:
    """Yields the highest number of bytes seen so far of each, by name."""
    peaks = dict.fromkeys(watched, 0)
    is_over = threading.Event()

    def sample() -> None:
        while not is_over.is_set():
            for name, one in watched.items():
                peaks[name] = max(peaks[name], _of_family(one))
            is_over.wait(SAMPLE_SECONDS)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield peaks
    finally:
        is_over.set()
        sampler.join()


def _of_family(watched: Watched) -> int:
    total = 0
    try:
        parent = psutil.Process(watched.pid)
        family = [parent, *(parent.children(recursive=True) if watched.with_children else [])]
    except psutil.Error:
        return 0
    for process in family:
        try:
            total += watched.measure(process)
        except psutil.Error:
            continue  # it has ended since
    return total

"""Somebody who does something again and again, beside what a test does: who looks while others write, or writes."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from pyarrow.fs import FileSystem

from stores.lake_files import arrow_address


@dataclass(slots=True)
class Watch:
    looks: int = 0
    missing: int = 0


@contextmanager
def watching(lake: str, paths: list[str]) -> Iterator[Watch]:
    """Looks again and again whether all of these files are there, until the block ends."""
    store, _ = FileSystem.from_uri(arrow_address(lake))
    watch = Watch()

    def look() -> None:
        infos = store.get_file_info(paths)
        watch.looks += 1
        watch.missing += not all(info.is_file for info in infos)

    with again_and_again(look):
        yield watch


@contextmanager
def again_and_again(do: Callable[[], object], pause_seconds: float = 0) -> Iterator[None]:
    """In a thread of its own until the block ends; not cut off in the middle. An error of it is one of the block."""
    is_over = threading.Event()

    def until_it_is_over() -> None:
        while not is_over.wait(pause_seconds):
            do()

    with ThreadPoolExecutor(max_workers=1) as pool:
        doing = pool.submit(until_it_is_over)
        try:
            yield
        finally:
            is_over.set()
        doing.result()

"""Somebody who looks, while others write, whether files of a lake are there."""

import threading
from collections.abc import Iterator
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
    watch, is_over = Watch(), threading.Event()

    def look() -> None:
        while not is_over.is_set():
            infos = store.get_file_info(paths)
            watch.looks += 1
            watch.missing += not all(info.is_file for info in infos)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        is_over.set()
        thread.join()

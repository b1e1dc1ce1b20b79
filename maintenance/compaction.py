"""One table of the lake: hours that have ended, each of many files, become hours of few.

For each hour, of which nobody at any moment can list old and new files together:

1. `prepare` writes the new files into a folder aside, `<lake>/_compaction/<table>/landed_hour=...`, which says by its
   file `_sources` what it was made of.
2. `replace`, while no build runs, gives the other files of the hour a second name in the folder aside, as those of a
   batch that may be repeated, and lets that folder and the hour's change places. Now the old files are aside.
3. What has been landed in the old folder meanwhile goes to the new one.
4. `mend`, a minute later or whenever it is called next, removes the old files. A reader that had opened the old folder
   before step 2 lists them until then; without the wait it could list an empty folder.

A folder aside that has `_sources` was never in its place, and is thrown away; one without it is the old one of an hour
that was replaced, and waits for `mend`. So a kill at any moment leaves nothing that the next call does not mend.
"""

import errno
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pyarrow.fs import LocalFileSystem

from maintenance.committed_batches import CommittedBatches
from maintenance.exchange import exchange
from maintenance.rewriting import on_disk, rewrite
from stores.lake_files import PARTITION, is_data, landed_hours

SOURCES = "_sources"
READERS_FILES = "*.parquet"
LONGEST_LISTING_SECONDS = 60.0  # of a folder, by a reader that is slow or was interrupted


@dataclass(frozen=True, slots=True)
class Compacted:
    """What one hour took before and after."""

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


class Table:
    """`<lake>/<name>`, such as landing/crypto_prices, in folders `landed_hour=...`; each file sorted by `order`."""

    def __init__(
        self, lake: Path, name: str, order: Sequence[str], listing_seconds: float = LONGEST_LISTING_SECONDS
    ) -> None:
        self.name = name
        self._listing_seconds = listing_seconds
        self._table = lake / name
        self._aside = lake / "_compaction" / name
        self._order = order

    def mend(self) -> None:
        """Finish what a call that was killed has begun, and remove what was replaced a while ago."""
        for hour, aside in landed_hours(LocalFileSystem(), str(self._aside)).items():
            folder = self._folder_of(hour)
            if Path(aside, SOURCES).exists() or not folder.exists():  # retention has removed the hour meanwhile
                shutil.rmtree(aside)
            elif not (folder / SOURCES).exists():  # killed before it wrote anything
                Path(aside).rmdir()
            elif time.time() - (folder / SOURCES).stat().st_mtime >= self._listing_seconds:
                self._clean(hour)

    def due(self, committed: CommittedBatches, before_hour: str) -> Iterator[str]:
        """The hours before this one that have files of committed batches to put together."""
        for hour, folder in landed_hours(LocalFileSystem(), str(self._table)).items():
            is_waiting = self._aside_of(hour).exists()
            if hour < before_hour and not is_waiting and len(_sources(Path(folder), committed)) > 1:
                yield hour

    def prepare(self, hour: str, committed: CommittedBatches) -> Compacted:
        """Raises MaintenanceFailed or OSError; there is nothing aside then."""
        folder, aside = self._folder_of(hour), self._aside_of(hour)
        sources = _sources(folder, committed)
        (folder / SOURCES).unlink(missing_ok=True)  # a kill has left it; with nothing aside it says nothing
        aside.mkdir(parents=True)
        try:
            _note_sources(aside, [source.name for source in sources])
            files = rewrite(sources, aside, self._order)
            on_disk(aside)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        after = sum(file.stat().st_size for file in aside.glob(READERS_FILES))
        return Compacted(len(sources), files, sum(source.stat().st_size for source in sources), after)

    def replace(self, hour: str, change_places: Callable[[Path, Path], None] = exchange) -> None:
        """What was prepared takes its place. No build may run meanwhile: it would miss files that it has listed."""
        self._keep_other_files(hour)
        change_places(self._aside_of(hour), self._folder_of(hour))
        (self._folder_of(hour) / SOURCES).touch()
        self._keep_what_landed_meanwhile(hour)

    def _folder_of(self, hour: str) -> Path:
        return self._table / f"{PARTITION}={hour}"

    def _aside_of(self, hour: str) -> Path:
        return self._aside / f"{PARTITION}={hour}"

    def _keep_other_files(self, hour: str) -> None:
        """Otherwise a kill right after the exchange leaves them aside, and the next build passes their rows by."""
        # Of a file's two names the one that is in the hour from then on stays, and a batch that is repeated replaces
        # that. The other counts as a source, and goes with the sources. A batch that is repeated just now, before the
        # exchange, replaces the one that goes. That is as good where the same release repeats it: its rows are the same
        # then, and so is their `landed_at` (spark_streaming/staging.py).
        folder, aside = self._folder_of(hour), self._aside_of(hour)
        sources = _noted_sources(aside)
        kept = []
        for file in folder.iterdir():
            if file.name not in sources and is_data(file.name) and file.is_file():
                # Gone just now; or another user's, on Linux: such a one is moved after the exchange.
                with suppress(FileNotFoundError, PermissionError):
                    (aside / file.name).hardlink_to(file)
                    kept.append(file.name)
        if kept:
            _note_sources(aside, sources + kept)

    def _keep_what_landed_meanwhile(self, hour: str) -> list[str]:
        """Returns the names of the files that were replaced."""
        folder = self._folder_of(hour)
        sources = _noted_sources(folder)
        for file in self._aside_of(hour).iterdir():
            if file.name not in sources and is_data(file.name):
                file.rename(folder / file.name)
        return sources

    def _clean(self, hour: str) -> None:
        aside = self._aside_of(hour)
        while aside.exists():
            sources = self._keep_what_landed_meanwhile(hour)
            for file in aside.iterdir():
                if file.name in sources or not is_data(file.name):
                    file.unlink()
            try:
                aside.rmdir()
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:  # something was landed in it just now
                    raise
        (self._folder_of(hour) / SOURCES).unlink()


def _note_sources(folder: Path, names: Sequence[str]) -> None:
    (folder / SOURCES).write_text(json.dumps(names))
    on_disk(folder / SOURCES)


def _noted_sources(folder: Path) -> list[str]:
    names: list[str] = json.loads((folder / SOURCES).read_text())
    return names


def _sources(folder: Path, committed: CommittedBatches) -> list[Path]:
    return [folder / name for name in committed.to_compact(file.name for file in folder.glob(READERS_FILES))]

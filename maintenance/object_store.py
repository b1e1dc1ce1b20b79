"""One table of a lake in an object store: hours that have ended, each of many files, become hours of few.

Nothing changes places there; what is one step is to put a file, and to delete one. For each hour:

1. `prepare` writes the new files aside, below `<lake>/_compaction/<table>`. Each says in its footer of which files it
   was made: its sources (stores.lake_files.REPLACES).
2. `replace`, while no build runs, makes sure that all sources are still there, copies a new file into the hour, which
   is one step, and deletes its sources, many at once.

Between the copy and the last deletion rows are there twice: for a moment or, after a kill, until the next call, which
deletes what an hour's files say that they replace. Our own readers leave those out by the footers
(`stores.lake_files.data_files`); builds keep one row of a Kafka offset, whatever they read. What is aside is of no use
to anybody, and thrown away by the next call.

New files come last in the order of names, in which a store lists them. So a reader that is shown a long list in pieces
can see old and new files, or find that an old one is gone, but never a list with neither.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import PurePosixPath

from pyarrow.fs import FileInfo, FileSelector, FileSystem

from maintenance.committed_batches import CommittedBatches
from maintenance.compaction import Compacted
from maintenance.errors import MaintenanceFailed
from maintenance.rewriting import rewrite
from stores.lake_files import PARTITION, is_data, replaced, sources_of

DELETED_AT_ONCE = 32


class StoredTable:
    """`<lake>/<name>` on `store`, in folders `landed_hour=...`; each new file sorted by `order`."""

    def __init__(self, store: FileSystem, lake: str, name: str, order: Sequence[str]) -> None:
        self.name = name
        self._store = store
        self._table = f"{lake}/{name}"
        self._aside = f"{lake}/_compaction/{name}"
        self._order = order

    def mend(self) -> None:
        """Throw away what a call that was killed has written aside."""
        if self._store.get_file_info(self._aside).type.name == "Directory":
            self._store.delete_dir(self._aside)

    def due(self, committed: CommittedBatches, before_hour: str) -> Iterator[str]:
        """The hours before this one with files to put together, or with some that were replaced and are still there."""
        for hour, files in self._files_by_hour().items():
            is_due = len(committed.to_compact(map(_name, files))) > 1
            if hour < before_hour and (is_due or replaced(self._store, files)):
                yield hour

    def prepare(self, hour: str, committed: CommittedBatches) -> Compacted:
        """Raises MaintenanceFailed or OSError; nothing is replaced then."""
        folder, aside = self._folder_of(hour), self._aside_of(hour)
        infos = self._listed(folder)
        valid = infos.keys() - replaced(self._store, infos)
        sources = committed.to_compact(map(_name, valid))
        if len(sources) > 1:
            paths = [PurePosixPath(folder, source) for source in sources]
            self._store.create_dir(aside)
            rewrite(paths, PurePosixPath(aside), self._order, self._store)
        written = self._listed(aside)
        kept = [info for path, info in infos.items() if path in valid and _name(path) not in sources]
        before, after = list(infos.values()), [*kept, *written.values()] if written else [infos[path] for path in valid]
        return Compacted(len(before), len(after), _bytes(before), _bytes(after))

    def replace(self, hour: str) -> None:
        """What was prepared takes its place. No build may run meanwhile: it would miss files that it has listed.

        Raises MaintenanceFailed when somebody else has changed the hour since.
        """
        folder = self._folder_of(hour)
        self._delete(replaced(self._store, self._listed(folder)))
        for file in self._listed(self._aside_of(hour)):
            sources = {f"{folder}/{source}" for source in sources_of(self._store, file)}
            if not sources <= self._listed(folder).keys():
                raise MaintenanceFailed(
                    f"Files of {folder} were replaced by somebody else: another `coinloom maintain` works on this "
                    "lake. Let it end; nothing is lost."
                )
            self._store.copy_file(file, f"{folder}/{_name(file)}")
            self._delete(sources)
            self._store.delete_file(file)

    def _files_by_hour(self) -> dict[str, list[str]]:
        """One listing of all, a request for a thousand files, in order of time."""
        found: dict[str, list[str]] = defaultdict(list)
        for file in self._listed(self._table, recursive=True):
            hour = PurePosixPath(file).parent.name
            if hour.startswith(f"{PARTITION}="):
                found[hour.removeprefix(f"{PARTITION}=")].append(file)
        return dict(sorted(found.items()))

    def _listed(self, folder: str, *, recursive: bool = False) -> dict[str, FileInfo]:
        infos = self._store.get_file_info(FileSelector(folder, recursive=recursive, allow_not_found=True))
        return {info.path: info for info in infos if info.is_file and is_data(info.path)}

    def _delete(self, files: set[str]) -> None:
        with ThreadPoolExecutor(DELETED_AT_ONCE) as pool:
            list(pool.map(self._delete_one, files))

    def _delete_one(self, file: str) -> None:
        with suppress(FileNotFoundError):
            self._store.delete_file(file)

    def _folder_of(self, hour: str) -> str:
        return f"{self._table}/{PARTITION}={hour}"

    def _aside_of(self, hour: str) -> str:
        return f"{self._aside}/{PARTITION}={hour}"


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _bytes(infos: Sequence[FileInfo]) -> int:
    return sum(info.size for info in infos)

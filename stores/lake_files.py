"""Where the lake's files are, for who reads them without Spark."""

import json
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pyarrow.fs import FileSelector, FileSystem
from pyarrow.parquet import read_metadata
from tenacity import retry, retry_if_exception_type, stop_after_attempt

PARTITION = "landed_hour"
# How the names of compacted files begin. They come after all that the stream writes, whose names begin with a UUID: see
# maintenance/object_store.py.
COMPACTED = "merged-"
REPLACES = b"coinloom.replaces"
"""A compacted file says in its footer, under this key, which files of its folder it was made of."""

listed_again = retry(retry=retry_if_exception_type(OSError), stop=stop_after_attempt(5), reraise=True)
"""For what lists files and then reads them: it begins again if one has gone, as when the hour was compacted meanwhile.

In an object store a file can go in the middle of it, which is no FileNotFoundError.
"""


def data_files(filesystem: FileSystem, folder: str) -> list[str]:
    """The data files: what Spark has not committed yet, and its marks, begin with a dot or an underscore.

    pyarrow looks at each file after it has listed the names, and leaves out those that are gone by then: all, if
    another folder has taken this one's place (maintenance/compaction.py). So a folder that changed is listed again. In
    an object store files that were just compacted are still there beside the new one: they are left out.
    """
    while True:
        changed_at = filesystem.get_file_info(folder).mtime_ns  # None in an object store, where nothing changes places
        infos = filesystem.get_file_info(FileSelector(folder, allow_not_found=True))
        files = [info.path for info in infos if info.is_file and is_data(info.path)]
        try:
            outdated = replaced(filesystem, files) if changed_at is None else set()
        except FileNotFoundError:  # which was compacted with others just now
            continue
        if changed_at is None or filesystem.get_file_info(folder).mtime_ns == changed_at:
            return [file for file in files if file not in outdated]


def is_data(file: str) -> bool:
    return not PurePosixPath(file).name.startswith((".", "_"))


def replaced(filesystem: FileSystem, files: Collection[str]) -> set[str]:
    """Those of the files, all of one folder, whose rows are in others of them too. Raises FileNotFoundError."""
    compacted = [file for file in files if PurePosixPath(file).name.startswith(COMPACTED)]
    if len(files) == 1 or not compacted:
        return set()
    made_of = {file: set(sources_of(filesystem, file)) for file in compacted}
    sources = set().union(*made_of.values())
    outdated = {file for file in files if PurePosixPath(file).name in sources}
    # Of two compactions of the same files the one of more is enough.
    return outdated | {file for file, its in made_of.items() if its and any(its < other for other in made_of.values())}


def sources_of(filesystem: FileSystem, compacted: str) -> list[str]:
    """The names of the files that a compacted one was made of; none if it does not say."""
    footer = read_metadata(compacted, filesystem=filesystem).metadata or {}
    names: list[str] = json.loads(footer.get(REPLACES, b"[]"))
    return names


def landed_hours(filesystem: FileSystem, root: str) -> dict[str, str]:
    """The folder of each `landed_hour` below a folder, in order of time; none if that is not there."""
    prefix = f"{PARTITION}="
    infos = filesystem.get_file_info(FileSelector(root, allow_not_found=True))
    folders = sorted(PurePosixPath(info.path) for info in infos if not info.is_file)
    return {folder.name.removeprefix(prefix): str(folder) for folder in folders if folder.name.startswith(prefix)}


def arrow_address(location: str) -> str:
    """Spark's address of a folder as pyarrow's: `file:/x` and `x` are absolute paths, `s3a://x` is `s3://x`."""
    if location.startswith("file:"):
        return location.removeprefix("file://").removeprefix("file:")
    return location.replace("s3a://", "s3://", 1) if "://" in location else Path(location).absolute().as_posix()

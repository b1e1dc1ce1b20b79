"""Where the lake's files are, for who reads them without Spark."""

from pathlib import Path, PurePosixPath

from pyarrow.fs import FileSelector, FileSystem

PARTITION = "landed_hour"


def data_files(filesystem: FileSystem, folder: str) -> list[str]:
    """The data files: what Spark has not committed yet, and its marks, begin with a dot or an underscore.

    pyarrow looks at each file after it has listed the names, and leaves out those that are gone by then: all, if
    another folder has taken this one's place (maintenance/compaction.py). So a folder that changed is listed again.
    """
    while True:
        changed_at = filesystem.get_file_info(folder).mtime_ns  # None in an object store, where nothing changes places
        infos = filesystem.get_file_info(FileSelector(folder, allow_not_found=True))
        if filesystem.get_file_info(folder).mtime_ns == changed_at:
            break
    return [info.path for info in infos if info.is_file and not PurePosixPath(info.path).name.startswith((".", "_"))]


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

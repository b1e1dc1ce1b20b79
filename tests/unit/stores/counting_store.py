"""Local folders that look like an object store, whose folders have no time, to who lists them or asks what is there."""

from collections.abc import Sequence
from typing import NoReturn

from pyarrow.fs import FileInfo, FileSelector, FileSystemHandler, FileType, LocalFileSystem


class CountingStore(FileSystemHandler):
    """Counts what it was asked: `statuses` of one path each, and `listings`."""

    def __init__(self) -> None:
        self._local = LocalFileSystem()
        self.forget()

    def forget(self) -> None:
        self.statuses = self.listings = 0

    def get_type_name(self) -> str:
        return "counting"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: Sequence[str]) -> list[FileInfo]:
        self.statuses += len(paths)
        return [_without_time(info) for info in self._local.get_file_info(paths)]

    def get_file_info_selector(self, selector: FileSelector) -> list[FileInfo]:
        self.listings += 1
        return [_without_time(info) for info in self._local.get_file_info(selector)]

    def _refuse(self, *_: object) -> NoReturn:
        raise NotImplementedError

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _refuse
    move = copy_file = open_input_stream = open_input_file = open_output_stream = open_append_stream = _refuse


def _without_time(info: FileInfo) -> FileInfo:
    return FileInfo(info.path, info.type) if info.type is FileType.Directory else info

"""A small text beside a checkpoint."""

from pyarrow.fs import FileSystem

from stores.lake_files import arrow_address


class CheckpointNote:
    """A file in the folder of the checkpoint: who removes that removes it, too."""

    def __init__(self, checkpoint: str, name: str) -> None:
        self._lake, self._folder = FileSystem.from_uri(arrow_address(checkpoint))
        self._file = f"{self._folder}/{name}"

    def read(self) -> str:
        """Empty if there is none: an earlier release made none, or a kill came between making and filling the file."""
        if not self._lake.get_file_info(self._file).is_file:
            return ""
        with self._lake.open_input_stream(self._file) as file:
            return bytes(file.read()).decode()

    def write(self, text: str) -> None:
        """Raises OSError."""
        self._lake.create_dir(self._folder)
        with self._lake.open_output_stream(self._file) as file:
            file.write(text.encode())

"""Files on whatever file system Hadoop knows (local, s3a, hdfs), through the driver's JVM."""

from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from stores.lake_files import arrow_address

# Said by stores that show nothing of a file until it is closed, and nothing at all if it is given up: s3a is one.
ABORTABLE = "fs.capability.outputstream.abortable"
BYTES_AT_ONCE = 1 << 20


class HadoopFiles:
    """The file system of `location`; all paths are on it."""

    def __init__(self, spark: SparkSession, location: str) -> None:
        self._java = spark._jvm
        self._hadoop = self._java.org.apache.hadoop.fs  # type: ignore[union-attr]
        self._gateway = spark._sc._gateway
        configuration, uri = spark._jsc.hadoopConfiguration(), self._path(location).toUri()
        contexts = self._hadoop.FileContext
        self._object_store = None
        self._is_local = uri.getScheme() in {None, "file"}
        if uri.getScheme() is None:
            self._files = contexts.getLocalFSFileContext(configuration)
        else:
            self._files = contexts.getFileContext(uri, configuration)
            store = self._path(location).getFileSystem(configuration)
            if store.hasPathCapability(self._path(location), ABORTABLE):
                self._object_store = store

    def read_text(self, file: str) -> str:
        stream = self._files.open(self._path(file))
        try:
            return str(self._java.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))  # type: ignore[union-attr]
        finally:
            stream.close()

    def names(self, folder: str, prefix: str) -> list[str]:
        """What is in the folder and begins so, in order; nothing if there is no such folder."""
        path, files = self._path(folder), self._files.util()
        if not files.exists(path):
            return []
        found = [status.getPath().getName() for status in files.listStatus(path)]
        return sorted(name for name in found if name.startswith(prefix))

    def make_folder(self, folder: str) -> None:
        """In an object store a folder is there as soon as a file is in it."""
        if self._object_store is None:
            self._files.mkdir(self._path(folder), None, True)

    def publish(self, file: str, target: str) -> None:
        """Readers see the whole file as `target`, in place of what is there, from one moment to the next."""
        if self._object_store is not None:
            self._put(self._object_store, file, target)
        elif self._is_local:
            _replace(Path(arrow_address(file)), Path(arrow_address(target)))
        else:
            self._rename(file, target)

    def _put(self, store: Any, file: str, target: str) -> None:
        """A rename would delete the target, and only then copy; this leaves the file to who deletes its folder."""
        source = store.open(self._path(file))
        try:
            stream = store.create(self._path(target), True)
            try:
                self._java.org.apache.hadoop.io.IOUtils.copyBytes(source, stream, BYTES_AT_ONCE, False)  # type: ignore[union-attr]
            except BaseException:
                stream.abort()  # closed, half a file would be there
                raise
            stream.close()
        finally:
            source.close()

    def _rename(self, file: str, target: str) -> None:
        """One step of HDFS."""
        overwrite = self._gateway.new_array(self._hadoop.Options.Rename, 1)  # type: ignore[union-attr]
        overwrite[0] = self._hadoop.Options.Rename.OVERWRITE
        self._files.rename(self._path(file), self._path(target), overwrite)

    def delete(self, path: str) -> None:
        """With all that is in it."""
        self._files.delete(self._path(path), True)

    def _path(self, location: str) -> Any:
        return self._hadoop.Path(location)


def _replace(file: Path, target: Path) -> None:
    """Hadoop's own rename would delete the target first. The driver, in which this runs, has the disk, too.

    What Hadoop has noted to check the target with goes before, or Spark would check the new file with it.
    """
    target.with_name(f".{target.name}.crc").unlink(missing_ok=True)
    file.replace(target)

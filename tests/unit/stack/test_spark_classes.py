"""What Hadoop makes with our class has the permissions that its own class gives it, without a process."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coinloom.settings import read_settings
from stack.jars import SPARK_JARS
from stack.java import java_executable
from stack.spark_classes import LOCAL_FILES, compile_spark_classes

HADOOPS = "org.apache.hadoop.fs.LocalFileSystem"
MAKES_FILES = """
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

class MakesFiles {
    public static void main(String[] arguments) throws Exception {
        for (int at = 1; at < arguments.length; at++) {
            Configuration configuration = new Configuration();
            configuration.set("fs.permissions.umask-mode", arguments[0]);
            configuration.set("fs.file.impl", arguments[at]);
            FileSystem files = FileSystem.newInstance(URI.create("file:///"), configuration);
            files.mkdirs(new Path(arguments[at], "folder"));
            files.create(new Path(arguments[at], "folder/file")).close();
        }
    }
}
"""
RECORDING_CHMOD = """#!/bin/sh
echo "$@" >> {record}
exec {chmod} "$@"
"""


@pytest.fixture
def chmods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A line for each process `chmod`, whoever starts it."""
    folder, record = tmp_path / "bin", tmp_path / "chmods"
    folder.mkdir()
    record.touch()
    (folder / "chmod").write_text(RECORDING_CHMOD.format(record=record, chmod="/bin/chmod"))
    (folder / "chmod").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return record


def permissions_of_what_both_make(working_folder: Path, umask: str) -> tuple[dict[str, str], dict[str, str]]:
    """Of a folder, a file in it, and the file's checksum, in a folder named by the class: Hadoop's, and ours."""
    source = working_folder / "MakesFiles.java"
    source.write_text(MAKES_FILES)
    class_path = f"{SPARK_JARS}/*:{compile_spark_classes(read_settings().jars)}"
    command = [java_executable(), "-cp", class_path, str(source), umask, HADOOPS, LOCAL_FILES]
    done = subprocess.run(command, cwd=working_folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return _permissions(working_folder / HADOOPS), _permissions(working_folder / LOCAL_FILES)


def _permissions(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): f"{path.stat().st_mode:o}" for path in sorted(folder.rglob("*"))}


def test_no_process_is_started_for_a_file_or_a_folder(chmods: Path, tmp_path: Path) -> None:
    hadoops, ours = permissions_of_what_both_make(tmp_path, "022")
    assert hadoops == ours == {"folder": "40755", "folder/.file.crc": "100644", "folder/file": "100644"}
    assert HADOOPS in chmods.read_text()
    assert LOCAL_FILES not in chmods.read_text()


def test_many_at_once_compile_them_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        folders = set(pool.map(compile_spark_classes, [tmp_path / "jars"] * 3))
    assert list((tmp_path / "jars").iterdir()) == list(folders)


def test_unusual_permissions_are_those_of_hadoop(tmp_path: Path) -> None:
    hadoops, ours = permissions_of_what_both_make(tmp_path, "027")
    assert hadoops == ours == {"folder": "40750", "folder/.file.crc": "100640", "folder/file": "100640"}

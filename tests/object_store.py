"""A local S3, Adobe's S3Mock, as a process of its own: real HTTP, real SDKs, no account."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pyarrow.fs import FileSelector, FileSystem

from coinloom.settings import Settings, Sink, read_settings
from stack.jars import fetch_listed_jars
from stack.java import java_executable
from stack.owner import end_with_this_process
from stack.ports import free_port, is_listening
from stores.lake_files import arrow_address

JAR = Path(__file__).with_name("s3mock-jar.xml")
BUCKET = "coinloom"
SECRET = "a-secret-key+of/this-test"
VARIABLES = {
    "AWS_ACCESS_KEY_ID": "of-this-test",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
PROPERTY = "com.adobe.testing.s3mock"
START_SECONDS = 300  # a machine that does much else


@contextmanager
def object_store(home: Path) -> Iterator[None]:
    """A store with one bucket, until the block ends; all commands find it by the standard variables."""
    end_with_this_process()
    port = free_port()
    data = home / "s3"
    data.mkdir(parents=True)
    [jar] = fetch_listed_jars(JAR, read_settings().jars).glob("*.jar")
    options = {
        "server.address": "127.0.0.1",
        "server.port": str(free_port()),  # of HTTPS, which it cannot do without
        f"{PROPERTY}.httpPort": str(port),
        f"{PROPERTY}.store.initialBuckets": BUCKET,
        f"{PROPERTY}.store.root": str(data),
        f"{PROPERTY}.store.retainFilesOnExit": "true",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [java_executable(), "-Xmx512m", "-XX:+UseSerialGC", "-jar", str(jar), *arguments]
    with (home / "s3mock.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_listening("127.0.0.1", port):
            assert process.poll() is None, (home / "s3mock.log").read_text()[-3000:]
            assert time.monotonic() < deadline, "the local S3 does not start"
            time.sleep(0.1)
        with pytest.MonkeyPatch.context() as patched:
            for name, value in (VARIABLES | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}).items():
                patched.setenv(name, value)
            yield
    finally:
        process.terminate()
        process.wait(30)


def on_s3(settings: Settings) -> Settings:
    """The same with an empty lake in the store."""
    lake = f"s3a://{BUCKET}/{uuid4().hex[:8]}"
    return settings.model_copy(update={"lake_root": lake, "lake_s3_path_style": True, "landing_sinks": [Sink.PARQUET]})


def files(settings: Settings, folder: str) -> list[str]:
    """All below a folder of the lake, as the store has them; marks of folders are none."""
    store, root = FileSystem.from_uri(arrow_address(f"{settings.lake}/{folder}"))
    infos = store.get_file_info(FileSelector(root, recursive=True, allow_not_found=True))
    return sorted(info.path for info in infos if info.is_file)

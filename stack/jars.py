"""Java libraries by Maven coordinates, fetched by the Apache Ivy that ships inside pyspark.

The broker's jars, and what Spark lacks for its Thrift Server and for S3, are copied to folders of ours. Spark fetches
its own packages (spark_streaming/spark-defaults.conf) when it starts; `fetch_spark_packages` does it beforehand, so
that the first start is as quick as the others.
"""

import re
import subprocess
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

from coinloom.settings import REPOSITORY
from stack.errors import StackError
from stack.java import java_executable

KAFKA = "org.apache.kafka:kafka_2.13:4.1.1"
# What Kafka's own archive has, and its Maven artifact leaves out: without it, the broker logs nothing at all.
KAFKA_LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
# Of the version of Hive that pyspark ships, and only what it leaves out: without it, the Thrift Server drops a
# connection now and then when two sessions end at once (NoClassDefFoundError: LlapSigner in Hive's FunctionRegistry).
HIVE_LLAP = "org.apache.hive:hive-llap-common:2.3.10"
S3 = Path(__file__).with_name("s3-jars.xml")
SPARK_JARS = distribution("pyspark").locate_file("pyspark/jars")
SPARK_DEFAULTS = REPOSITORY / "spark_streaming" / "spark-defaults.conf"


def fetch_broker_jars(jars: Path) -> str:
    """Make sure of the broker's jars below `jars`; returns Java's class path. Raises StackError."""
    return f"{_fetch(KAFKA, jars)}/*:{_fetch(KAFKA_LOGGING, jars, '-notransitive')}/*"


def fetch_thrift_server_jars(jars: Path) -> Path:
    """Make sure of the Thrift Server's additional jars below `jars`; returns their folder. Raises StackError."""
    return _fetch(HIVE_LLAP, jars, "-notransitive")


def fetch_s3_jars(jars: Path) -> Path:
    """Make sure of the jars that a lake on S3 takes below `jars`; returns their folder. Raises StackError."""
    return fetch_listed_jars(S3, jars)


def fetch_listed_jars(ivy_file: Path, jars: Path) -> Path:
    """Make sure of the jars that an Ivy file lists below `jars`; returns their folder. Raises StackError."""
    digest = sha256(ivy_file.read_bytes()).hexdigest()[:8]
    return _retrieved(jars / f"{ivy_file.stem}-{digest}", ivy_file.stem, "-ivy", str(ivy_file))


def fetch_spark_packages() -> None:
    """Fill the cache that spark-submit resolves its packages from (~/.ivy2.5.2)."""
    cache = Path.home() / ".ivy2.5.2" / "cache"
    for coordinates in spark_packages():
        group, artifact, version = coordinates.split(":")
        if not (cache / group / artifact / "jars" / f"{artifact}-{version}.jar").exists():
            _ivy(coordinates, *_dependency(coordinates), "-cache", str(cache))


def spark_packages() -> list[str]:
    """The Maven coordinates in spark_streaming/spark-defaults.conf."""
    found = re.search(r"^spark\.jars\.packages\s+(\S+)$", SPARK_DEFAULTS.read_text(), re.MULTILINE)
    return found[1].split(",") if found else []


def _fetch(coordinates: str, jars: Path, *options: str) -> Path:
    return _retrieved(jars / coordinates.replace(":", "-"), coordinates, *_dependency(coordinates), *options)


def _dependency(coordinates: str) -> list[str]:
    return ["-dependency", *coordinates.split(":")]


def _retrieved(folder: Path, what: str, *options: str) -> Path:
    """Raises StackError with Ivy's last words when the package registry cannot be reached."""
    complete = folder / ".complete"
    if not complete.exists():
        _ivy(what, *options, "-retrieve", f"{folder}/[artifact]-[revision](-[classifier]).[ext]")
        complete.touch()
    return folder


def _ivy(what: str, *options: str) -> None:
    command = [java_executable(), "-cp", f"{SPARK_JARS}/*", "org.apache.ivy.Main", "-confs", "default", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(
            f"The jars of {what} could not be fetched: {' '.join(done.stdout.splitlines()[-3:])} "
            "Check the network, or your Ivy settings if you use a mirror of Maven Central."
        )

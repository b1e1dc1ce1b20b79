"""Our own classes in Java, which Spark finds by their names.

They are compiled here by the compiler that Spark has for itself, as a Java that only runs programs has none.
"""

import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from stack.errors import StackError
from stack.jars import SPARK_JARS
from stack.java import java_executable

LOCAL_FILES = "coinloom.LocalFiles"
THRIFT_SERVER_LOGIN = "coinloom.ThriftServerLogin"
SOURCES = sorted(Path(__file__).parent.glob("*.java"))
COMPILER = "org.codehaus.commons.compiler.samples.CompilerDemo"


def compile_spark_classes(jars: Path) -> Path:
    """Make sure of the compiled classes below `jars`; returns their folder. Raises StackError."""
    digest = sha256(b"".join(source.read_bytes() for source in SOURCES)).hexdigest()[:8]
    folder = jars / f"spark-classes-{digest}"
    if not folder.exists():
        jars.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=jars, ignore_cleanup_errors=True) as aside:
            _compile(Path(aside, folder.name))
            try:
                Path(aside, folder.name).rename(folder)
            except OSError:
                if not folder.exists():  # else another process was quicker
                    raise
    return folder


def _compile(folder: Path) -> None:
    folder.mkdir()
    class_path = ":".join(str(jar) for jar in Path(str(SPARK_JARS)).glob("*.jar"))
    command = [java_executable(), "-cp", f"{SPARK_JARS}/*", COMPILER, "-d", str(folder), "-classpath", class_path]
    done = subprocess.run([*command, *map(str, SOURCES)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"Our classes for Spark could not be compiled: {done.stdout}{done.stderr}")

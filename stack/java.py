"""The Java runtime that Kafka and Spark need."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from stack.errors import StackError

MINIMUM_MAJOR_VERSION = 17
# For JVMs that live for a minute: what their second compiler costs would not come back, nor what it costs to verify the
# classes, all of them from the jars that setup has fetched. Each `java` reads it in JDK_JAVA_OPTIONS, and says so. No
# collector of garbage is named here: Java refuses a second one, and some have theirs on the command line.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
HOW_TO_INSTALL = (
    "Install OpenJDK 17, for example with 'sudo apt-get install openjdk-17-jre-headless' or "
    "'brew install openjdk@17', and put it on the PATH or set JAVA_HOME."
)


def java_executable() -> str:
    """Path of a Java of version 17 or later.

    Raises:
        StackError: none found, or it is too old; says how to install one.
    """
    java = _candidate()
    if java is None:
        raise StackError(f"Java was not found. {HOW_TO_INSTALL}")
    output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', output)
    if version is None or int(version[1]) < MINIMUM_MAJOR_VERSION:
        found = next((line for line in output.splitlines() if "version" in line), "an unknown version")
        raise StackError(f"{java} is too old: it says {found}. {HOW_TO_INSTALL}")
    return java


def _candidate() -> str | None:
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return str(Path(home) / "bin" / "java")
    return shutil.which("java")

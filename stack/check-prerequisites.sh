#!/bin/sh
# Checks what must be on the machine before anything of ours can be installed: Python 3.11 or 3.12 with venv, Java 17.
set -u
python=${1:-python3}
failed=0

complain() {
    echo "coinloom: $1" >&2
    failed=1
}

if ! command -v "$python" >/dev/null 2>&1; then
    complain "$python was not found. Install Python 3.11, for example 'sudo apt-get install python3.11 python3.11-venv', and run 'make PYTHON=python3.11 ...'."
elif ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'; then
    complain "$python is $("$python" -V 2>&1); Coinloom needs 3.11 or 3.12. Install it, for example 'sudo apt-get install python3.11 python3.11-venv', and run 'make PYTHON=python3.11 ...'."
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    complain "$python has no venv module. Install it, for example 'sudo apt-get install python3-venv'."
fi

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
if [ -z "$version" ]; then
    complain "Java was not found. Install OpenJDK 17, for example 'sudo apt-get install openjdk-17-jre-headless' or 'brew install openjdk@17', and put it on the PATH or set JAVA_HOME."
elif [ "$version" -lt 17 ]; then
    complain "$java is version $version; Coinloom needs 17 or later. Install OpenJDK 17, for example 'sudo apt-get install openjdk-17-jre-headless', and set JAVA_HOME to it."
fi

exit $failed

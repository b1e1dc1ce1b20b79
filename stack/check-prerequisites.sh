#!/bin/sh
# check-prerequisites.sh [PYTHON] [--for-uv]
# Says what this machine lacks before anything of ours is installed, and the command that helps: a Python of a version that
# pyproject.toml allows, with venv, and Java 17. With --for-uv: only whether this Python, of whatever version, can hold uv.
set -u
root=$(dirname "$0")/..
python=${1:-python3}
failed=0
versions=$(sed -n 's/^requires-python = ">=3\.\([0-9]*\),<3\.\([0-9]*\)"$/\1 \2/p' "$root/pyproject.toml")
oldest=${versions% *}
newest=$((${versions#* } - 1))
is_python="import sys; sys.exit(not (3, $oldest) <= sys.version_info[:2] <= (3, $newest))"
can_hold_uv='import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 8))'
can_hold_us='import venv' # uv installs us; until it is there, pip has to install it
[ -x "$root/.tools/uv/bin/uv" ] || can_hold_us='import ensurepip, venv'

complain() {
    echo "coinloom: $1" >&2
    failed=1
}

works() {
    "$1" -c "$2" >/dev/null 2>&1
}

# The command that helps where $python does not: the nearest at hand first.
way_out() {
    minor=$oldest
    while [ "$minor" -le "$newest" ]; do
        other=python3.$minor
        if works "$other" "$is_python" && works "$other" "$can_hold_us"; then
            echo "This machine has $other: run 'make PYTHON=$other ...'."
            return
        fi
        minor=$((minor + 1))
    done
    if command -v uv >/dev/null 2>&1; then
        echo "Run 'uv python install 3.11', then 'make PYTHON=\"\$(uv python find 3.11)\" ...'."
    elif works "$python" "$can_hold_uv"; then
        [ "$python" = python3 ] || with=" PYTHON=$python"
        echo "Run 'make python${with:-}', which has uv find or fetch one that fits, then 'make ...'${with:+ without PYTHON}."
    else
        echo "Install it, for example 'sudo apt-get install python3.11 python3.11-venv', and run 'make PYTHON=python3.11 ...'."
    fi
}

if [ "${2:-}" = --for-uv ]; then
    works "$python" "$can_hold_uv" ||
        complain "$python cannot hold uv, which needs Python 3.8 or later with venv. $(way_out)"
    exit $failed
fi

if ! command -v "$python" >/dev/null 2>&1; then
    complain "$python was not found; Coinloom needs Python 3.$oldest to 3.$newest. $(way_out)"
elif ! works "$python" "$is_python"; then
    complain "$python is $("$python" -V 2>&1); Coinloom needs Python 3.$oldest to 3.$newest. $(way_out)"
elif ! works "$python" "$can_hold_us"; then
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

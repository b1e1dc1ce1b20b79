"""In a root shell PostgreSQL is `nobody`, with the capability that this root can give: the real setpriv and initdb."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coinloom.settings import REPOSITORY
from stack.nobody import NOBODY, become_nobody
from tests.containers import DOCKERS, DOCKERS_SET, FEWEST, root_with

ALL = 0x1FFFFFFFFFF
BECOME = """
import os
from stack.nobody import as_nobody
os.execvp("setpriv", [*as_nobody(), "cat", "/proc/self/status"])
"""
PREPARE = """
from coinloom.errors import CoinloomError
from coinloom.settings import read_settings
from stack import postgres
try:
    postgres.prepare(read_settings())
except CoinloomError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("bounding_set", "kept"),
    [
        (ALL, "dac_read_search"),
        (DOCKERS_SET, "dac_override"),
        (DOCKERS_SET & ~0b10, None),
        (ALL & ~(1 << 8), None),
        (0, None),
    ],
    ids=["all", "Docker's", "Docker's without dac_override", "all but setpcap", "none"],
)
def test_it_keeps_the_least_that_lets_it_into_folders_of_others(bounding_set: int, kept: str | None) -> None:
    command = become_nobody(bounding_set)
    capabilities = f"-all,+{kept}" if kept else "-all"
    assert [part.partition("=")[2] for part in command if "caps=" in part or "-set=" in part] == [capabilities] * 3
    assert ("--securebits=+no_setuid_fixup" in command) == bool(kept)


@pytest.mark.parametrize(("capabilities", "kept"), [(DOCKERS, 0b10), (FEWEST, 0)], ids=["Docker's", "fewest"])
def test_root_in_a_container_becomes_nobody(capabilities: tuple[str, ...], kept: int) -> None:
    command = [*root_with(*capabilities), sys.executable, "-c", BECOME]
    status = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    values = {name: value.split() for name, _, value in (line.partition(":") for line in status.splitlines())}
    assert (set(values["Uid"]), set(values["Gid"])) == ({NOBODY}, {NOBODY})
    assert [int(values[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [kept] * 4


def prepare(home: Path, *capabilities: str) -> str:
    """What a root with these capabilities is told who makes a cluster in a folder that only root may enter."""
    home.mkdir(mode=0o700, exist_ok=True)
    variables = os.environ | {"COINLOOM_HOME": str(home), "POSTGRES_PASSWORD": "open-sesame"}
    command = [*root_with(*capabilities), sys.executable, "-c", PREPARE]
    return subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=True).stdout


def test_docker_lets_it_make_a_cluster_and_any_root_takes_it_as_it_is(tmp_path: Path) -> None:
    assert prepare(tmp_path / "home", *DOCKERS) == ""
    assert (tmp_path / "home/postgres/data/PG_VERSION").stat().st_uid == int(NOBODY)
    assert prepare(tmp_path / "home", *FEWEST) == ""


def test_who_cannot_let_it_in_is_told_what_helps(tmp_path: Path) -> None:
    said = prepare(tmp_path / "home", *FEWEST)
    assert "Permission denied" in said
    assert "allow CAP_DAC_READ_SEARCH or CAP_DAC_OVERRIDE" in said

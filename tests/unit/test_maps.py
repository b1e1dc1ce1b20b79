"""The map in a package's docstring has every module and folder of the package, and no other."""

import ast
import re
from pathlib import Path

import pytest

from coinloom.settings import REPOSITORY

HEAD = "| read | for |"


def docstring(package: Path) -> str:
    return ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""


PACKAGES = [file.parent for top in REPOSITORY.glob("[a-z]*/__init__.py") for file in top.parent.rglob("__init__.py")]
MAPS = {str(package.relative_to(REPOSITORY)): package for package in sorted(PACKAGES) if HEAD in docstring(package)}


def test_the_packages_with_many_files_have_a_map() -> None:
    assert {"ingestion", "ingestion/polling", "stores", "quarantine", "serving", "commands", "simulator"} <= MAPS.keys()


@pytest.mark.parametrize("package", MAPS.values(), ids=MAPS.keys())
def test_the_map_has_every_file(package: Path) -> None:
    _, table = docstring(package).split(HEAD)
    rows = [line for line in table.splitlines() if line.startswith("|")]
    named = [name for row in rows for name in re.findall(r"`([\w/]+)`", row.split(" | ")[0])]
    modules = [file.stem for file in package.glob("*.py") if file.name != "__init__.py"]
    folders = {f"{file.parent.name}/" for file in package.glob("*/*.py")}
    assert sorted(named) == sorted([*modules, *folders])

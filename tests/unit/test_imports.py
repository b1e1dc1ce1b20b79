"""Imports run one way. pyproject.toml has the layers; `pytest -s tests/unit/test_imports.py` draws the graph."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
PACKAGES = CONTRACTS["root_packages"]
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def contract(kind: str) -> dict:
    (found,) = (contract for contract in CONTRACTS["contracts"] if contract["type"] == kind)
    return found


def linted(root: Path) -> subprocess.CompletedProcess[str]:
    """import-linter, in a process of its own: it sets up logging."""
    return subprocess.run([sys.executable, "-c", LINT], cwd=root, capture_output=True, text=True, check=False)


def test_no_arrow_runs_up_or_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    layers = [layer.split(" | ") for layer in reversed(contract("layers")["layers"])]
    order = [package for layer in layers for package in layer]
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for package in PACKAGES:
        graph.squash_module(package)
    print("\n\nfrom the ground up, each package and those that it imports")
    below: set[str] = set()
    for number, layer in enumerate(layers, start=1):
        for package in layer:
            imported = graph.find_modules_directly_imported_by(package) - {package}
            print(f"{number:>2}  {package:<15} -> {', '.join(sorted(imported, key=order.index)) or 'none of ours'}")
            assert imported <= below
        below |= set(layer)
    lint = linted(ROOT)
    assert lint.returncode == 0, lint.stdout


def test_every_package_has_its_layer() -> None:
    packages = sorted(file.parent.name for file in ROOT.glob("*/__init__.py"))
    assert packages == sorted(PACKAGES) == sorted(contract("acyclic_siblings")["ancestors"])
    assert packages == sorted(name for layer in contract("layers")["layers"] for name in layer.split(" | "))


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all our Python."""
    copied = tmp_path_factory.mktemp("imports")
    shutil.copy(ROOT / "pyproject.toml", copied)
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            copy = copied / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    return copied


@pytest.mark.parametrize(
    ("module", "imported", "said"),
    [
        ("coinloom/logs.py", "commands.cli", "coinloom is not allowed to import commands"),
        ("serving/marts.py", "spark_streaming.job", "serving is not allowed to import spark_streaming"),
        ("ingestion/messages.py", "ingestion.polling.poller", "No circles BROKEN"),
        ("ingestion/polling/outbox.py", "ingestion.polling.relay", "No circles BROKEN"),
    ],
)
def test_an_arrow_that_runs_up_or_in_a_circle_is_found(copied: Path, module: str, imported: str, said: str) -> None:
    text = (copied / module).read_text(encoding="utf-8")
    (copied / module).write_text(f"{text}\nimport {imported}\n", encoding="utf-8")
    lint = linted(copied)
    (copied / module).write_text(text, encoding="utf-8")
    assert lint.returncode == 1
    assert said in lint.stdout

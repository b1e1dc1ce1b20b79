"""The pages for people name only what there is, and the workflow of the hosting does what .ci/run says."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from coinloom.clock import utc_now
from coinloom.settings import REPOSITORY
from ingestion.price_files.parser import COLUMNS, LineParser

TESTS = REPOSITORY / "tests"
PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), REPOSITORY / "benchmarks" / "README.md"]
DBT_PROJECT = REPOSITORY / "dbt_project"
PATH = re.compile(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|sql|sh|conf|csv))`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_there_are_pages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} < {page.name for page in PAGES}
    assert len(PAGES) > 25


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    written = "".join(file.read_text(encoding="utf-8") for file in TESTS.rglob("*.py"))
    files = {file.name for file in TESTS.rglob("*.py")}
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\btest_\w+\.py\b", text)) - files == set()
    named = set(re.findall(r"`(test_\w+)`", text)) - {"test_whole_history"}
    assert {name for name in named if f"def {name}(" not in written} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """By a path from here, the dbt project or the tests; but for the mart that a reader of docs/add-a-mart.md makes."""
    named = set(PATH.findall(page.read_text(encoding="utf-8")))
    missing = {path for path in named if not any((root / path).exists() for root in (REPOSITORY, DBT_PROJECT, TESTS))}
    assert {path for path in missing if "ohlc_15m" not in path} == set()


@pytest.mark.parametrize(
    "page",
    [*(page for page in PAGES if page.name != "bi.md"), *(REPOSITORY / "airflow" / "dags").glob("*.py")],
    ids=lambda page: str(page.relative_to(REPOSITORY)),
)
def test_no_page_installs_with_a_pip_that_our_environment_does_not_have(page: Path) -> None:
    """`make add` reaches it. docs/bi.md is about environments of its readers."""
    assert re.findall(r"(?<!uv )\bpip3? install.*", page.read_text(encoding="utf-8")) == []


def test_the_page_about_price_files_has_every_column_and_a_file_that_loads() -> None:
    page = (REPOSITORY / "docs" / "history.md").read_text(encoding="utf-8")
    assert {column for column in COLUMNS if f"`{column}`" not in page.split("## From a file")[1]} == set()
    (file,) = re.findall(r"<!-- a file -->\n```csv\n(.*?)```", page, re.DOTALL)
    header, *lines = file.splitlines()
    parser = LineParser(header.split(","), utc_now())
    assert parser.unknown_columns == []
    assert [parser.parse(line).price for line in lines] == [49700.5, 49800]


def the_map() -> str:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return readme.split("\n## Where things are\n")[1].split("\n## ")[0]


def test_what_to_read_first_in_a_folder_is_there() -> None:
    rows = re.findall(r"^\| `([\w./]+)`.* \| (.+) \|$", the_map(), re.MULTILINE)
    named = [(folder, name) for folder, names in rows for name in re.findall(r"`([\w./]+)`", names)]
    assert len(named) > 12
    roots = {folder: (REPOSITORY / folder, REPOSITORY) for folder, _ in rows}
    assert [(at, name) for at, name in named if not any((root / name).exists() for root in roots[at])] == []


def test_every_folder_is_on_the_map_of_the_readme() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    folders = {file.split("/")[0] + "/" for file in listed.splitlines() if "/" in file}
    assert len(folders) > 12
    assert {folder for folder in folders if f"`{folder}" not in the_map()} == set()


def test_the_workflow_runs_what_ci_runs_on_a_python_that_fits() -> None:
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    assert job["timeout-minutes"] <= 90
    install, check = [step["run"] for step in job["steps"] if "run" in step]
    assert install.startswith("sudo apt-get install ")
    assert check == "bash .ci/run"
    actions = {step["uses"].split("@")[0]: step for step in job["steps"] if "uses" in step}
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in actions.values())
    assert actions["actions/setup-python"]["with"]["python-version"] == "3.11"
    assert actions["actions/setup-java"]["with"]["java-version"] == "17"

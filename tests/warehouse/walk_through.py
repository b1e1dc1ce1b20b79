"""Pages that add something, carried out on a copy of the project: their blocks applied, their commands run.

A block is introduced by the files that it changes. Its lines are those of `diff` without line numbers: together, those
with a blank or a minus occur once in the file, and those with a blank or a plus replace them. `@@` separates hunks. A
file that is not there has no lines yet.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from checks.landing import Offsets, land, landing_rows
from coinloom.settings import REPOSITORY, Settings, Target
from stack.with_postgres import temporary_postgres
from stores.database import connect
from tests.commands import run_command
from tests.warehouse.series import updates, walk, with_gap

UPDATES = pl.concat([updates("steady", "usd", walk(130, seed=1)), updates("gap", "usd", with_gap(30))])
COPIED = ("dbt_project", "profiles", "docs", "tests")
FILES_AND_BLOCK = re.compile(r"^((?:`[\w./]+`[,:]\s)+)\n```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


def files_of(part: str) -> set[str]:
    """The files that the blocks of a part touch."""
    return {file for files, _ in FILES_AND_BLOCK.findall(part) for file in re.findall(r"`(.+?)`", files)}


@contextmanager
def built_copy(root: Path) -> Iterator[Settings]:
    """A copy of the project, and a PostgreSQL in which it has built UPDATES."""
    _copy_project(root)
    with temporary_postgres() as any_target:
        settings = any_target.model_copy(update={"dbt_target": Target.POSTGRES})
        rows = landing_rows(UPDATES, Offsets())
        land(rows, settings, rows["landed_at"][0].as_py())
        run_command(settings, "dbt", "build", "--target", "postgres", cwd=root / "dbt_project")
        yield settings


def _copy_project(root: Path) -> None:
    ignored = shutil.ignore_patterns("target", "logs", "*.log", "__pycache__")
    for folder in COPIED:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", root)


def carry_out(part: str, root: Path, settings: Settings) -> None:
    """Apply the part's blocks in order, then run its commands."""
    blocks = FILES_AND_BLOCK.findall(part)
    assert len(blocks) == part.count("```diff") >= 4
    for files, block in blocks:
        for file in re.findall(r"`(.+?)`", files):
            for hunk in block.split("@@\n"):
                _apply(hunk, root / file)
    (commands,) = COMMANDS.findall(part)
    run_command(settings, "bash", "-e", "-c", commands, cwd=root)


def read_postgres(settings: Settings, table: str) -> pl.DataFrame:
    with connect(settings) as connection:
        cursor = connection.execute(f"select * from {table}")  # type: ignore[arg-type]  # noqa: S608 a name of ours
        columns = [column.name for column in cursor.description or ()]
        return pl.DataFrame(cursor.fetchall(), schema=columns, orient="row", infer_schema_length=None)


def _apply(hunk: str, file: Path) -> None:
    lines = [line or " " for line in hunk.splitlines()]  # an editor may have taken the blank of an empty line
    old, new = ([line[1:] for line in lines if line[0] in kinds] for kinds in (" -", " +"))
    assert {line[0] for line in lines} <= set(" -+"), hunk
    if not file.exists():
        assert not old, f"{file} is not there"
        file.write_text("\n".join([*new, ""]), encoding="utf-8")
        return
    there = file.read_text(encoding="utf-8").split("\n")
    places = [at for at in range(len(there)) if there[at : at + len(old)] == old]
    assert len(places) == 1, f"{file} has {len(places)} places for\n{hunk}"
    there[places[0] : places[0] + len(old)] = new
    file.write_text("\n".join(there), encoding="utf-8")

# ruff: noqa: S608  the names are our own
"""A warehouse of a stack of its own, on either target: emptied, built as its users build it, killed, read."""

import shutil
from collections.abc import Collection
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import polars as pl
from dbt.constants import PARTIAL_PARSE_FILE_NAME, RUN_RESULTS_FILE_NAME
from pyarrow.fs import FileSystem, FileType

from coinloom.processes import environment
from coinloom.settings import Settings, Target
from commands.build import DBT_PROJECT
from serving.marts import read_marts
from stores.database import connect
from stores.lake_files import arrow_address
from stores.thrift import open_cursor
from tests.forks import Done, Forked, kept_dbt

DEVELOPERS = ("ada", "bob", "carl")
SCHEMAS = ("staging", "intermediate", "warehouse", "builds")
KEYS = {
    "intermediate.int_prices": ["coin_id", "vs_currency", "last_updated_at"],
    "intermediate.int_minute_bars": ["coin_id", "vs_currency", "bar_minute"],
} | {f"warehouse.{mart.name}": list(mart.key) for mart in read_marts()}
POSTGRES_TYPES: dict[int, Any] = {
    16: pl.Boolean,
    20: pl.Int64,
    23: pl.Int32,
    25: pl.String,
    701: pl.Float64,
    1114: pl.Datetime("us"),
}

Snapshot = dict[str, pl.DataFrame]


class Warehouse:
    """dbt writes into `artifacts`. With a developer, the warehouse is theirs, beside that of production."""

    def __init__(self, settings: Settings, developer: str = "") -> None:
        self.settings = settings
        self.target = settings.dbt_target
        self._prefix = f"dev_{developer}_" if developer else ""
        self.project = DBT_PROJECT
        self.artifacts = settings.coinloom_home / "dbt" / developer

    def reset(self) -> None:
        """Nothing landed, built or to retry is left. On Spark production's views stay: empty, and slow to create."""
        (self.artifacts / RUN_RESULTS_FILE_NAME).unlink(missing_ok=True)
        with connect(self.settings) as connection:
            connection.execute("truncate landing.crypto_prices, quarantine.crypto_prices")
            connection.execute("drop table if exists landing.horizon")
        of_developers = [f"dev_{developer}_{schema}" for developer in DEVELOPERS for schema in SCHEMAS]
        if self.target is Target.POSTGRES:
            self._drop_schemas(*SCHEMAS, *of_developers)
        else:
            self._drop_schemas(*of_developers)
            self._drop_tables(*SCHEMAS, "landing", "quarantine")
        lake, root = FileSystem.from_uri(arrow_address(self.settings.lake))
        for folder in ("landing", "quarantine"):
            if lake.get_file_info(f"{root}/{folder}").type is FileType.Directory:
                lake.delete_dir(f"{root}/{folder}")

    def dbt(self, command: str, *arguments: str, unit_tests: bool = False) -> Done:
        """A dbt command with these arguments, to its end."""
        prepared = self._prepared(command, *arguments, unit_tests=unit_tests)
        return kept_dbt().run(prepared, self._variables, self.project, self._printed)

    def running(self, command: str, *arguments: str) -> Forked:
        """A dbt command that has begun, as a process of its own."""
        return Forked(["dbt", *self._prepared(command, *arguments)], self._variables, self.project, self._printed)

    def build(self, *arguments: str) -> None:
        """A build with these arguments, which must succeed; artifacts, a fifth of its cost, and log are not written."""
        done = self.dbt("build", "--no-write-json", "--log-level-file", "none", *arguments)
        assert done.returncode == 0, f"dbt build {' '.join(arguments)} failed:\n{done.stdout[-6000:]}"

    def rebuilt(self, *arguments: str) -> Snapshot:
        """What such a build leaves."""
        self.build(*arguments)
        return self.snapshot()

    def kill_build(self, model: str, after_seconds: float, *arguments: str) -> str:
        """Kill a `dbt build` so long after it began with a model; says whether it came so far."""
        line = ""
        process = self.running("build", *arguments)
        for line in process.lines():
            if " START " in line and f".{model} " in line:
                break
        sleep(after_seconds)
        ended = process.has_ended
        process.kill()
        return line.strip() if ended else f"killed {after_seconds:g} s after {line.strip()}"

    def read(self, table: str) -> pl.DataFrame:
        return self.snapshot([table])[table]

    def snapshot(self, tables: Collection[str] = KEYS) -> Snapshot:
        """These tables, or all, as they are now."""
        return self._read_postgres(tables) if self.target is Target.POSTGRES else self._read_spark(tables)

    def _read_postgres(self, tables: Collection[str]) -> Snapshot:
        snapshot = {}
        with connect(self.settings) as connection:
            for table in tables:
                cursor = connection.execute(f"select * from {self._prefix}{table}")
                schema = {column.name: POSTGRES_TYPES[column.type_code] for column in cursor.description or ()}
                snapshot[table] = pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
        return snapshot

    def _read_spark(self, tables: Collection[str]) -> Snapshot:
        """As Spark sees them, through files: over Thrift each row would take a while."""
        folder = self.settings.coinloom_home / "snapshots" / str(uuid4())
        into = "insert overwrite directory '{}' using parquet select * from {}"
        self._on_spark(*(into.format(folder / table, f"{self._prefix}{table}") for table in tables))
        snapshot = {table: pl.read_parquet(folder / table / "*.parquet") for table in tables}
        shutil.rmtree(folder)
        return snapshot

    def _drop_schemas(self, *schemas: str) -> None:
        drops = [f"drop schema if exists {schema} cascade" for schema in schemas]
        if self.target is Target.SPARK:
            self._on_spark(*drops)
            return
        with connect(self.settings) as connection:
            connection.execute("; ".join(drops))

    def _drop_tables(self, *schemas: str) -> None:
        with open_cursor(self.settings) as cursor:
            for schema in schemas:
                cursor.execute(f"create schema if not exists {schema}")
                cursor.execute(f"show views in {schema}")
                views = {name for _, name, *_ in cursor.fetchall()}
                cursor.execute(f"show tables in {schema}")
                for _, name, is_temporary in cursor.fetchall():
                    if name not in views and not is_temporary:
                        cursor.execute(f"drop table {schema}.{name}")

    def _on_spark(self, *statements: str) -> None:
        with open_cursor(self.settings) as cursor:
            for statement in statements:
                cursor.execute(statement)

    @property
    def _variables(self) -> dict[str, str]:
        return environment(self.settings) | {"DBT_DEV_SCHEMA": self._prefix.rstrip("_")}

    @property
    def _printed(self) -> Path:
        return self.artifacts / "printed.txt"

    def _prepared(self, command: str, *arguments: str, unit_tests: bool = False) -> list[str]:
        """The command; where dbt looks for what it has parsed, it finds what was parsed with this target and --vars."""
        targets = {Target.SPARK: "dev", Target.POSTGRES: "dev_postgres"} if self._prefix else {}
        target = targets.get(self.target, self.target)
        if command != "retry":  # it has the --vars of the command before
            self._link_parsed(target, arguments[arguments.index("--vars") + 1] if "--vars" in arguments else "")
        options = ["--no-use-colors", "--target-path", str(self.artifacts), "--log-path", str(self.artifacts)]
        if command == "build" and not unit_tests:  # which dbt brings along where models are selected
            options += ["--exclude-resource-type", "unit_test"]
        return [command, *arguments, "--target", target, *options]

    def _link_parsed(self, target: str, variables: str) -> None:
        """To a file of their own: dbt does not use what was parsed with others, and would write over it."""
        self.artifacts.mkdir(parents=True, exist_ok=True)
        link = self.artifacts / PARTIAL_PARSE_FILE_NAME
        link.unlink(missing_ok=True)
        link.symlink_to(quote(f"parsed for {target} {variables}", safe=""))

"""What a full refresh costs on each engine, from the same landing files."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from benchmarks import agreement
from benchmarks.history import MINUTE, History, land
from benchmarks.market import Market
from benchmarks.measuring import ITSELF, Measured, dbt_artifacts, measure, measure_dbt
from benchmarks.memory import Watched, proportional
from benchmarks.outputs import OUTPUTS, THREADS
from benchmarks.postgres_landing import copy_landing
from benchmarks.servers import running, temporary_home
from benchmarks.tables import Table, megabytes, seconds
from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, ServerName, Settings, Target

FULL_REFRESH = ("run", "--full-refresh")
THREE_TABLES = "the three tables"
ALL_MODELS = "all models"
SERVER = "server"
IN_PROCESS = ("DuckDB", "polars")


class Results:
    """Grows with each engine; `tables` are those of README.md."""

    def __init__(self, bars: int) -> None:
        self._bars = bars
        self._measured: dict[tuple[str, str], Measured] = {}
        self._agreement: list[Table] = []

    def add(self, engine: str, what: str, measured: Measured) -> None:
        self._measured[engine, what] = measured

    def add_agreement(self, table: Table) -> None:
        self._agreement.append(table)

    def tables(self) -> list[Table]:
        duckdb = self._measured.get(("DuckDB", THREE_TABLES))
        header = ["engine", "computes", "seconds", "against DuckDB", "peak MiB of the process", "of its server"]
        rows = [_row(*key, measured, duckdb) for key, measured in self._measured.items()]
        return [Table(f"Full refresh of {self._bars:,} bars", header, rows), *self._agreement]


def measure_full_refresh(bars: int, coins: int, end: datetime, steps: Steps) -> Iterator[list[Table]]:
    """Spark, DuckDB, polars, PostgreSQL; yields the tables each time they have grown."""
    results = Results(bars)
    with temporary_home("full-refresh") as settings:
        out = settings.coinloom_home / "out"
        with steps.step(f"Land {bars:,} rows") as detail:
            land(Market(coins), History(end - bars // coins * MINUTE, end), settings.lake, detail)
        for what, measured in _spark(settings, steps):
            results.add("Spark", what, measured)
            yield results.tables()
        for engine in IN_PROCESS:
            with steps.step(f"{engine}, {THREE_TABLES}"):
                results.add(engine, THREE_TABLES, _in_process(settings, engine, out / engine))
            yield results.tables()
        with steps.step("Do they agree?"):
            results.add_agreement(agreement.check(_folders(settings, out)))
        yield results.tables()
        shutil.rmtree(out)
        results.add("PostgreSQL", ALL_MODELS, _postgres(settings, steps))
        yield results.tables()


def _spark(settings: Settings, steps: Steps) -> Iterator[tuple[str, Measured]]:
    with running(settings, ServerName.POSTGRES, ServerName.THRIFT_SERVER) as pids:
        watched = {SERVER: Watched(pids[ServerName.THRIFT_SERVER], with_children=False)}
        for what, options in ((ALL_MODELS, []), (THREE_TABLES, ["--select", "+crypto_table"])):
            with steps.step(f"Spark, {what}"):
                measured = measure_dbt(settings, *FULL_REFRESH, *options, watched=watched)
            yield what, measured


def _in_process(settings: Settings, engine: str, out: Path) -> Measured:
    """DuckDB or polars, in a Python process of its own; DuckDB takes the SQL from what dbt did last."""
    out.mkdir(parents=True)
    sql = [str(dbt_artifacts(settings) / "run_results.json")] if engine == "DuckDB" else []
    command = [sys.executable, "-m", f"benchmarks.{engine.lower()}_refresh", *sql, settings.lake, str(out)]
    variables = dict(os.environ) | {"POLARS_MAX_THREADS": str(THREADS)}
    return measure(command, variables, REPOSITORY, settings.coinloom_home / "logs" / f"{engine}.log")


def _postgres(settings: Settings, steps: Steps) -> Measured:
    ours = settings.model_copy(update={"dbt_target": Target.POSTGRES})
    with running(ours, ServerName.POSTGRES) as pids:
        with steps.step("Copy the landing files into PostgreSQL"):
            copy_landing(ours)
        watched = {SERVER: Watched(pids[ServerName.POSTGRES], proportional)}
        with steps.step(f"PostgreSQL, {ALL_MODELS}"):
            return measure_dbt(ours, *FULL_REFRESH, watched=watched)


def _folders(settings: Settings, out: Path) -> dict[str, dict[str, Path]]:
    in_lake = {name: Path(settings.lake, "warehouse", name.replace(".", ".db/")) for name in OUTPUTS}
    return {"Spark": in_lake} | {engine: {name: out / engine / name for name in OUTPUTS} for engine in IN_PROCESS}


def _row(engine: str, what: str, measured: Measured, duckdb: Measured | None) -> list[str]:
    ratio = f"{measured.seconds / duckdb.seconds:.1f}" if duckdb else "-"
    peaks: Mapping[str, int] = measured.peak_bytes
    server = megabytes(peaks[SERVER]) if SERVER in peaks else "-"
    return [engine, what, seconds(measured.seconds), ratio, megabytes(peaks[ITSELF]), server]

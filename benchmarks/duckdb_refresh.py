"""`python -m benchmarks.duckdb_refresh RUN_RESULTS LAKE OUT`: the SQL that dbt has run on Spark, run by DuckDB.

The models come in the order in which dbt ran them and under the same names. The three outputs are written to OUT as
Parquet partitioned by hour and read from there by the models after them, as on Spark; the tables of the schema
`builds`, of a few rows, are taken from Spark; everything else is a view.
"""

import json
import sys
from pathlib import Path

import duckdb

from benchmarks.outputs import OUTPUTS, PARTITION, THREADS

# All that differs.
TRANSLATED = (
    ("date_format(", "strftime("),
    ("\"yyyy-MM-dd'T'HH\"", "'%Y-%m-%dT%H'"),
    ("unix_seconds(", "epoch("),
    ("`", '"'),
)
LANDING = "landing.crypto_prices"


def main(run_results: Path, lake: Path, out: Path) -> None:
    connection = duckdb.connect(config={"threads": THREADS, "temp_directory": str(out / "spill")})
    connection.execute("set timezone = 'UTC'")
    for schema in ("landing", "builds", "staging", "intermediate", "warehouse"):
        connection.execute(f"create schema {schema}")
    # A full refresh reads nothing of the builds before it.
    columns = "build_number bigint, bar_hour text, rebuilt_by text, slot int"
    connection.execute(f"create table builds.hour_versions ({columns})")
    _create_view(connection, LANDING, _without_zone(connection, lake / "landing" / "crypto_prices"))
    for node in json.loads(run_results.read_text())["results"]:
        if node["unique_id"].startswith("model."):
            _run(connection, node["relation_name"].replace("`", ""), node["compiled_code"], lake / "warehouse", out)


def _run(connection: duckdb.DuckDBPyConnection, name: str, sql: str, spark_tables: Path, out: Path) -> None:
    schema, table = name.split(".")
    if schema == "builds":
        connection.execute(f"create table {name} as {_without_zone(connection, spark_tables / 'builds.db' / table)}")
    elif name in OUTPUTS:
        options = f"format parquet, partition_by ({PARTITION})"
        connection.execute(f"copy ({translated(sql)}) to '{out / name}' ({options})")
        _create_view(connection, name, f"select * from {_files(out / name)}")  # noqa: S608
    else:
        _create_view(connection, name, translated(sql))


def translated(sql: str) -> str:
    """Spark's SQL as DuckDB takes it."""
    for ours, theirs in TRANSLATED:
        sql = sql.replace(ours, theirs)
    return sql


def _create_view(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"create view {name} as {sql}")


def _without_zone(connection: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """A query of Spark's files, whose timestamps are instants, with timestamps in UTC without a zone instead."""
    files = _files(folder)
    columns = connection.sql(f"select * from {files} limit 0")  # noqa: S608
    instants = [
        f"{name} at time zone 'UTC' as {name}"
        for name, kind in zip(columns.columns, columns.types, strict=True)
        if kind == "TIMESTAMP WITH TIME ZONE"
    ]
    return f"select * replace ({', '.join(instants)}) from {files}" if instants else f"select * from {files}"  # noqa: S608


def _files(folder: Path) -> str:
    return f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

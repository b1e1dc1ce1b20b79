# ruff: noqa: S608  the names are our own
"""A warehouse made by hand, small and on either target, as dbt leaves it: rewritten by hours, with their versions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pyhive import hive

from coinloom.settings import Settings, Target
from stores.database import connect
from stores.thrift import open_cursor

COIN, PRICES = "vs_currency text, coin_id text", "open double, close double"
COLUMNS = {
    "builds.int_build_offsets": "build_number bigint",
    "builds.hour_versions": "build_number bigint, bar_hour text, rebuilt_by text",
    "warehouse.crypto_table": f"{COIN}, bar_minute timestamp, name text, price double, is_filled boolean, seen bigint",
    "warehouse.ohlc_5m": f"{COIN}, bar_start timestamp, {PRICES}",
    "warehouse.ohlc_1h": f"{COIN}, bar_start timestamp, {PRICES}",
    "warehouse.ohlc_1d": f"{COIN}, bar_start timestamp, {PRICES}",
    "warehouse.coin_overview": f"{COIN}, price double",
    "warehouse.top_5_gainers": "vs_currency text, rank int, price double",
    "warehouse.top_5_losers": "vs_currency text, rank int, price double",
}
PARTITIONS = {
    "builds.int_build_offsets": "slot int",
    "builds.hour_versions": "slot int",
    "warehouse.crypto_table": "bar_hour text",
    "warehouse.ohlc_5m": "bar_hour text",
    "warehouse.ohlc_1h": "bar_hour text",
    "warehouse.ohlc_1d": "bar_day text",
}
COINS = ("bitcoin", "ethereum", "tether")
# What a name may be made of, and doubles that lose something in most formats.
NAMES = ("", None, 'quo"te', "back\\slash \\. \\N", "new\nline,\ttab", "'single'", "ünï 🚀", "NULL", "  ")
FACTORS = (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 14384.83, 5.6e-11, None)

Row = tuple[Any, ...]


class Tables:
    """Tables of PostgreSQL; a partition is a value of the last column."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> None:
        with connect(self.settings) as connection:
            connection.execute(statement, parameters)  # type: ignore[arg-type]

    def create(self, table: str) -> None:
        columns = ", ".join(filter(None, [COLUMNS[table], PARTITIONS.get(table)]))
        self.execute(f"create table {table} ({columns.replace('double', 'double precision')})")

    def replace(self, table: str, rows: Sequence[Row]) -> None:
        """Replace the partitions that occur in the rows, or all there is if the table has none."""
        if table in PARTITIONS:
            self.drop(table, {row[-1] for row in rows})
        else:
            self.execute(f"delete from {table}")
        if rows:
            self.execute(f"insert into {table} values {_placeholders(rows)}", _values(rows))

    def drop(self, table: str, partitions: set[Any]) -> None:
        self.execute(f"delete from {table} where {PARTITIONS[table].split()[0]} = any(%s)", [list(partitions)])


class SparkTables(Tables):
    """Tables behind the Thrift Server, over one session."""

    def __init__(self, settings: Settings, cursor: hive.Cursor) -> None:
        super().__init__(settings)
        self._cursor = cursor

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> None:
        self._cursor.execute(statement, parameters)

    def create(self, table: str) -> None:
        columns = ", ".join(filter(None, [COLUMNS[table], PARTITIONS.get(table)])).replace("text", "string")
        partition = f" partitioned by ({PARTITIONS[table].split()[0]})" if table in PARTITIONS else ""
        self.execute(f"create table {table} ({columns}) using parquet{partition}")

    def replace(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            self.execute(f"insert overwrite {table} values {_placeholders(rows)}", _values(rows))
        elif table not in PARTITIONS:
            self.execute(f"truncate table {table}")

    def drop(self, table: str, partitions: set[Any]) -> None:
        for partition in partitions:
            self.execute(f"alter table {table} drop partition ({PARTITIONS[table].split()[0]} = %s)", [partition])


@contextmanager
def open_tables(settings: Settings) -> Iterator[Tables]:
    if settings.dbt_target is Target.POSTGRES:
        yield Tables(settings)
        return
    with open_cursor(settings) as cursor:
        cursor.execute("set spark.sql.sources.partitionOverwriteMode = dynamic")
        yield SparkTables(settings, cursor)


@dataclass
class MadeWarehouse:
    """`hours` is what is in it: for each hour, a factor of its prices."""

    tables: Tables
    hours: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    build_number: int = 0

    def create(self) -> None:
        for schema in ("warehouse", "builds"):
            self.tables.execute(f"drop schema if exists {schema} cascade")
            self.tables.execute(f"create schema {schema}")
        for table in COLUMNS:
            self.tables.create(table)

    def build(self, hours: dict[str, float]) -> None:
        """Finish a build after which the warehouse holds these hours; it rewrites those that differ."""
        self.build_number += 1
        changed = {hour for hour, factor in hours.items() if self.hours.get(hour) != factor}
        gone = self.hours.keys() - hours.keys()
        for table, length in (("crypto_table", 13), ("ohlc_5m", 13), ("ohlc_1h", 13), ("ohlc_1d", 10)):
            touched = {hour[:length] for hour in changed | gone}
            rewritten = [hour for hour in hours if hour[:length] in touched]
            make = minute_rows if table == "crypto_table" else ohlc_rows
            self.tables.replace(
                f"warehouse.{table}", [(*row, hour[:length]) for hour in rewritten for row in make(hour, hours[hour])]
            )
            self.tables.drop(f"warehouse.{table}", touched - {hour[:length] for hour in hours})
        overview = [("usd", coin, price) for coin, price in zip(COINS, hours.values(), strict=False)]
        self.tables.replace("warehouse.coin_overview", overview)
        for table in ("top_5_gainers", "top_5_losers"):
            self.tables.replace(
                f"warehouse.{table}", [("usd", rank, price) for rank, price in enumerate(hours.values(), 1)]
            )
        self.finish({hour: self.versions.get(hour, "") for hour in hours} | dict.fromkeys(changed, self._name()))
        self.hours = hours

    def finish(self, versions: dict[str, str]) -> None:
        """Write down what a build's last model does; the slot of the build before it stays."""
        slot = self.build_number % 2
        self.tables.replace("builds.int_build_offsets", [(self.build_number, slot)])
        self.tables.replace(
            "builds.hour_versions", [(self.build_number, hour, by, slot) for hour, by in versions.items()]
        )
        self.versions = versions

    def _name(self) -> str:
        return f"build {self.build_number}"


def minute_rows(hour: str, factor: float) -> list[Row]:
    """Rows of crypto_table, without the partition."""
    start = datetime.fromisoformat(hour)
    rows = []
    for coin in COINS:
        for minute, (name, price) in enumerate(zip(NAMES, [*FACTORS, factor, factor], strict=True)):
            rows.append(("usd", coin, start + timedelta(minutes=minute), name, price, minute % 2 == 0, 2**40 + minute))
    return rows


def ohlc_rows(hour: str, factor: float) -> list[Row]:
    """Rows of the other bars, without the partition; one an hour is enough, in days as well."""
    return [("usd", coin, datetime.fromisoformat(hour), factor, factor) for coin in COINS]


def _placeholders(rows: Sequence[Row]) -> str:
    def placeholder(value: Any) -> str:
        return "cast(%s as timestamp)" if isinstance(value, datetime) else "%s"

    return ", ".join(f"({', '.join(map(placeholder, row))})" for row in rows)


def _values(rows: Sequence[Row]) -> list[Any]:
    return [str(value) if isinstance(value, datetime) else value for row in rows for value in row]

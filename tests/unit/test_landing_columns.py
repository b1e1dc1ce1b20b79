"""The columns of landing and quarantine stand in four places, in two dialects: they say the same.

The stream selects them, migrations have them for PostgreSQL, a macro of dbt for Spark, and the sources describe them.
"""

import re
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO

import pytest
import yaml
from alembic.migration import MigrationContext
from alembic.operations import Operations

from coinloom.settings import REPOSITORY
from spark_streaming.transforms import LANDING_COLUMNS, QUARANTINE_COLUMNS
from stores.lake_files import PARTITION
from stores.migrate import MIGRATIONS

STREAM = {"landing": [*LANDING_COLUMNS, PARTITION], "quarantine": [*QUARANTINE_COLUMNS, PARTITION]}
DBT = REPOSITORY / "dbt_project"
SPARK_TYPE = {"text": "string", "integer": "int", "double precision": "double", "bytea": "binary"}

Columns = dict[str, str]
"""Spark's type of each column."""


@pytest.fixture(scope="module")
def migrations() -> str:
    """What all migrations would run, in order."""
    written = StringIO()
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written})
    with Operations.context(context):
        for file in sorted((MIGRATIONS / "versions").glob("*.py")):
            spec = spec_from_file_location(file.stem, file)
            assert spec
            assert spec.loader
            migration = module_from_spec(spec)
            spec.loader.exec_module(migration)
            migration.upgrade()
    return written.getvalue()


def postgres_columns(migrations: str, table: str) -> Columns:
    create = rf"create (?:unlogged )?table {table} \((.+?)\n(?:, primary key .*)?\)"
    (created,) = re.findall(create, migrations, re.DOTALL)
    added = re.findall(rf"alter table {table} add column (.+?);", migrations, re.IGNORECASE)
    columns: Columns = {}
    for column in [*created.split(","), *added]:
        name, kind = column.split(" not null")[0].split(maxsplit=1)
        columns[name] = SPARK_TYPE.get(kind.strip(), kind.strip())
    return columns


def spark_columns(schema: str) -> Columns:
    macro = (DBT / "macros" / "engine" / "register_landing_tables.sql").read_text(encoding="utf-8")
    (shared,) = re.findall(r"set kafka_columns = '(.+?)'", macro)
    (own,) = re.findall(rf"'{schema}\.crypto_prices': kafka_columns ~ '(.+?)'", macro, re.DOTALL)
    return dict(column.split() for column in f"{shared}{own}, {PARTITION} string".split(","))


def described_columns(schema: str) -> list[str]:
    sources = yaml.safe_load((DBT / "models" / "staging" / schema / "sources.yml").read_text(encoding="utf-8"))
    (table,) = sources["sources"][0]["tables"]
    return [column["name"] for column in table["columns"]]


@pytest.mark.parametrize("schema", ["landing", "quarantine"])
def test_the_columns_are_the_same_wherever_they_stand(migrations: str, schema: str) -> None:
    written = STREAM[schema]
    assert len(written) > 10
    assert sorted(described_columns(schema)) == sorted(written)
    assert sorted(spark_columns(schema)) == sorted(written)
    assert postgres_columns(migrations, f"{schema}.crypto_prices") == spark_columns(schema)


@pytest.mark.parametrize("schema", ["landing", "quarantine"])
def test_what_the_stream_copies_has_all_columns_but_the_hour(migrations: str, schema: str) -> None:
    incoming = postgres_columns(migrations, f"{schema}.crypto_prices_incoming")
    assert sorted([*incoming, PARTITION]) == sorted(STREAM[schema])


def test_staging_passes_on_every_column_of_landing() -> None:
    model = (DBT / "models" / "staging" / "landing" / "stg_landing__crypto_prices.sql").read_text(encoding="utf-8")
    final = model[model.index("final as") :]
    assert [column for column in STREAM["landing"] if not re.search(rf"^ +{column},$", final, re.MULTILINE)] == []

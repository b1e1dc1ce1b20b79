"""What an administrator takes back from every role is what the migration takes back where it may."""

import importlib

from coinloom.settings import REPOSITORY

MIGRATION = importlib.import_module("stores.migrations.versions.0008_bi_reader_only_reads")


def test_the_statements_of_an_administrator_are_those_of_the_migration() -> None:
    of_administrator = (REPOSITORY / "docs" / "roles.sql").read_text(encoding="utf-8").partition("\n\\connect ")[2]
    statement = of_administrator[of_administrator.index("do $$") :].strip().removesuffix(";")
    assert statement.replace("to coinloom'", "to current_user'") == MIGRATION.NO_LARGE_OBJECTS_AND_NO_LOCKS.strip()

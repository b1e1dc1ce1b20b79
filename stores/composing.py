"""Pieces of SQL, composed from names that are quoted."""

from collections.abc import Iterable

from psycopg import sql


def names(columns: Iterable[str], table: str | None = None) -> sql.Composed:
    """`"a", "b"`, or `"table"."a", "table"."b"`."""
    prefix = [table] if table else []
    return sql.SQL(", ").join(sql.Identifier(*prefix, column) for column in columns)


def all_equal(columns: Iterable[str], left: str, right: str) -> sql.Composed:
    """`"left"."a" = "right"."a" and ...`."""
    pairs = (sql.SQL("{} = {}").format(sql.Identifier(left, c), sql.Identifier(right, c)) for c in columns)
    return sql.SQL(" and ").join(pairs)


def definitions(columns: dict[str, str]) -> sql.Composed:
    """`"a" text, "b" integer`; the types are PostgreSQL's own names."""
    pairs = (sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items())
    return sql.SQL(", ").join(pairs)

"""What a coin is called: one that no poll has brought has neither symbol nor name, and goes by its id."""

from dashboard.database import Row


def symbol(row: Row) -> str:
    return str(row["symbol"] or row["coin_id"])


def name(row: Row) -> str:
    return str(row["name"] or row["coin_id"])

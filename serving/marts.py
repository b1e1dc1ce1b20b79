"""The marts that BI tools read, as their YAML describes them: their keys, and the periods in which dbt rewrites them.

dbt_project/models/marts/ has them and nothing else. `meta: published` in a mart's YAML has its `key`, and for one that
is rewritten by periods the column `time` and the partition `period` (`bar_hour` or `bar_day`).
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml

from coinloom.errors import CoinloomError
from coinloom.settings import REPOSITORY

SCHEMA = "marts"
MODELS = REPOSITORY / "dbt_project" / "models" / "marts"


class MartNotDescribed(CoinloomError):
    """The YAML of a mart does not say how it is published."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time whose rows the warehouse keeps together, as a partition of the table.

    `column` names a row's period by the first `name_length` characters of its UTC time (2026-11-22T16 is an hour); it
    is not published.
    """

    column: str
    name_length: int
    length: timedelta

    def of(self, hour: str) -> str:
        """Name of the period that this hour is part of."""
        return hour[: self.name_length]


PERIODS = {
    "bar_hour": Period("bar_hour", len("2026-11-22T16"), timedelta(hours=1)),
    "bar_day": Period("bar_day", len("2026-11-22"), timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class Mart:
    """`key` is its grain. `time` is the column whose periods are published one by one; without it, the mart is tiny."""

    name: str
    key: tuple[str, ...]
    time: str = ""
    period: Period | None = None


def read_marts(models: Path = MODELS) -> list[Mart]:
    """The marts of a folder of models, by name.

    Raises:
        MartNotDescribed: naming the file to mend.
    """
    return [_read_mart(model.with_suffix(".yml")) for model in sorted(models.glob("*.sql"))]


def _read_mart(file: Path) -> Mart:
    try:
        (model,) = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["models"]
        published = model["config"]["meta"]["published"]
        period = published.get("period")
        key, time = tuple(published["key"]), published.get("time", "")
        return Mart(model["name"], key, time, PERIODS[period] if period else None)
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise MartNotDescribed(
            f"{file} does not say how the mart is published ({error!r}): its model needs "
            "config: {meta: {published: {key: [...], time: ..., period: bar_hour or bar_day}}}, see docs/add-a-mart.md."
        ) from error

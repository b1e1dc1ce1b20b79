"""dbt's unit tests take half the time in Python: their rows are put before a model's SQL without taking it apart.

A unit test hands its rows to a model as `with` queries before the model's own. To find where, dbt groups all words of
the model into statements, expressions and lists. But a model of ours begins with its `with`, or has none.
Measured: docs/decisions/0012-a-short-build-on-spark.md.
"""

import re
from collections.abc import Sequence

from dbt import compilation
from dbt.artifacts.resources.v1.components import InjectedCTE
from dbt.plugins.manager import dbtPlugin

from dbt_coinloom.project import PROJECT

FIRST = re.compile(r"(\s|--.*\n)*with\s+(?!recursive\b)(?=\w)", re.IGNORECASE)  # after comments
ENDS = re.compile(r"^((?!--).)*;", re.MULTILINE)  # not within a comment
dbts_own = compilation.inject_ctes_into_sql


class QuickInjection(dbtPlugin):
    """Has a process that runs dbt for this project find the first `with` by a look."""

    def initialize(self) -> None:
        compilation.inject_ctes_into_sql = injected if self.project_name == PROJECT else dbts_own


def injected(sql: str, ctes: Sequence[InjectedCTE]) -> str:
    """What dbt makes of it; SQL that does not begin with a `with`, or that ends within, is left to dbt."""
    first = FIRST.match(sql)
    if not ctes or not first or ENDS.search(sql):
        return dbts_own(sql, list(ctes))
    return f"{first[0]}{', '.join(cte.sql for cte in ctes)}, {sql[first.end() :]}"

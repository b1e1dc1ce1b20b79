"""On Spark a thread of dbt keeps its session from one node to the next, because opening and closing one costs 0.3 s.

That is what `reuse_connections` is in dbt's adapter for Snowflake; the one for Spark has no such setting. At the end of
the command dbt closes all that is open.
"""

import sys

from dbt.adapters.base.connections import BaseConnectionManager
from dbt.plugins.manager import dbtPlugin

from dbt_coinloom.project import PROJECT

ADAPTER = "dbt.adapters.spark.connections"


class OneSessionPerThread(dbtPlugin):
    """Changes what dbt's adapter for Spark does at the end of a node."""

    def initialize(self) -> None:
        """By now dbt has loaded the adapter of the target, and that of no other."""
        adapter = sys.modules.get(ADAPTER)
        if self.project_name == PROJECT and adapter:
            adapter.SparkConnectionManager.release = _release


def _release(manager: BaseConnectionManager) -> None:
    """After an error the session may be lost: then it is closed, and the next node gets a new one."""
    if sys.exc_info()[0]:
        BaseConnectionManager.release(manager)

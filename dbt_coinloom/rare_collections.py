"""Python looks for garbage that refers to itself less often: a quarter less time in Python for each plain `dbt build`.

By default it looks whenever 700 more objects have been made than freed, and time and again goes through all that there
are. What dbt has imported is hundreds of thousands, and none of it is garbage. OBJECTS are some ten megabytes. A worker
collects all garbage after each build (building/worker.py). Measured: docs/decisions/0012-a-short-build-on-spark.md.
"""

import gc

from dbt.plugins.manager import dbtPlugin

from dbt_coinloom.project import PROJECT

OBJECTS = 50_000
# Of five such looks the fifth goes through what the four before have left, and of five of these through all.
LOOKS = 5


class RareCollections(dbtPlugin):
    """Changes how often Python collects garbage, in a process that runs dbt."""

    def initialize(self) -> None:
        if self.project_name == PROJECT and gc.get_threshold() != (OBJECTS, LOOKS, LOOKS):
            gc.freeze()
            gc.set_threshold(OBJECTS, LOOKS, LOOKS)

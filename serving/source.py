"""What publish reads: the tables that dbt has built and tested, in the schema `warehouse` of either target."""

from collections.abc import Collection
from typing import Protocol

import psycopg
from psycopg import sql

from coinloom.errors import CoinloomError
from serving.marts import Mart

WAREHOUSE = "warehouse"
HOUR_VERSIONS = """
    select bar_hour, rebuilt_by
    from builds.hour_versions
    where build_number = (select max(build_number) from builds.hour_versions)
"""
# 0 when the build that began last has also finished.
UNFINISHED_BUILDS = """
    select count(*)
    from builds.int_build_offsets
    where build_number > (select coalesce(max(build_number), 0) from builds.hour_versions)
"""


class PublishFailed(CoinloomError):
    """A mart was not published: its rows are as they were, and marts before it may be new."""


class NothingToPublish(PublishFailed):
    """No price has landed, or no build of it has finished, so that there is nothing in the warehouse."""


class SourceTable(Protocol):
    """One table of the warehouse."""

    @property
    def columns(self) -> dict[str, str]:
        """What is published of it: PostgreSQL's type of each column."""

    def copy(self, connection: psycopg.Connection, into: sql.Composable, periods: Collection[str]) -> int:
        """Copy the rows of these periods (all rows, if it is not cut into periods); returns how many they were."""


class Source(Protocol):
    """The warehouse of one target."""

    def hour_versions(self) -> dict[str, str]:
        """For each hour that the last finished build knows: the build that last rewrote it.

        Raises:
            NothingToPublish: no build has had any data yet.
            PublishFailed: no build has finished, or the last one failed: its tables may be half new and untested.
        """

    def table(self, mart: Mart) -> SourceTable:
        """The table that a mart is published from.

        Raises:
            PublishFailed: it is not there, or has a column that cannot be published.
        """


def finished(versions: dict[str, str], unfinished_builds: int) -> dict[str, str]:
    """These versions, if readers may see them."""
    if unfinished_builds:
        raise PublishFailed(
            "The last build has not finished: a model was left out, was run without its tests, or failed. So nothing "
            "of it is published. Run 'coinloom build': it does what is left of it, and says which model or test fails."
        )
    if not versions:
        raise NothingToPublish("There is nothing to publish: no build of any landed price has finished.")
    return versions


def no_build(reason: str) -> PublishFailed:
    return PublishFailed(f"There is nothing to publish: {reason}. Run 'coinloom build' first.")


def not_partitioned(table: str, column: str) -> PublishFailed:
    return PublishFailed(f"{table} is not partitioned by {column}. Run 'dbt build --full-refresh' in dbt_project.")

"""A disk that is full or read-only under a build or a publish: both say so, and go on when they can write again.

On Spark it is the disk of the lake, on PostgreSQL that of the server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from checks.landing import Offsets
from coinloom.settings import ServerName, Settings, Target
from serving.publish import publish
from serving.source import PublishFailed
from stack import services
from stack.lifecycle import running_servers
from stack.supervisor import Supervisor
from stores.database import DatabaseUnavailable, as_reader, connect
from stores.migrate import migrate
from tests.disks import SmallDisk, small_disk
from tests.stacks import own_settings
from tests.warehouse.as_full_refresh import land_coin, require_as_full_refresh
from tests.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

FIRST, LATER = datetime(2026, 3, 10, 11, 50), datetime(2026, 3, 10, 12, 20)
EVERYTHING = "select coin_id, bar_minute, price, ema_20 from marts.crypto_table order by 1, 2"
SERVERS = {
    Target.SPARK: (ServerName.POSTGRES, ServerName.THRIFT_SERVER),
    Target.POSTGRES: (ServerName.POSTGRES,),
}


@dataclass(frozen=True)
class Scene:
    """An hour of one coin, built and published, and half an hour more, which is not."""

    warehouse: Warehouse
    disk: SmallDisk
    supervisor: Supervisor
    offsets: Offsets = field(default_factory=Offsets)

    @property
    def settings(self) -> Settings:
        return self.warehouse.settings

    def prepare(self) -> None:
        migrate(self.settings)
        land_coin(self.warehouse, self.offsets, "steady", 60, FIRST)
        self.warehouse.build()
        publish(self.settings)
        land_coin(self.warehouse, self.offsets, "new", 30, LATER)

    def published(self) -> list[tuple[object, ...]]:
        with connect(as_reader(self.settings)) as connection:
            return connection.execute(EVERYTHING).fetchall()

    def require_failed_build(self, words: str) -> None:
        """It says these."""
        failed = self.warehouse.dbt("build")
        assert failed.returncode != 0
        assert words in failed.stdout, failed.stdout[-4000:]

    def wait_ready(self) -> None:
        """supervisord has started again what has ended."""
        for server in SERVERS[self.warehouse.target]:
            self.supervisor.wait_ready(services.server(self.settings, server))


@contextmanager
def scene(target: Target, folder: Path) -> Iterator[Scene]:
    with small_disk(folder / "small", megabytes=400) as disk:
        home = disk.folder if target is Target.POSTGRES else folder / "home"
        ours = {"dbt_target": target, "lake_root": str(disk.folder / "lake"), "build_lock_wait_seconds": 10.0}
        settings = own_settings(home).model_copy(update=ours)
        with running_servers(settings, *SERVERS[target]) as supervisor:
            scene = Scene(Warehouse(settings), disk, supervisor)
            scene.warehouse.artifacts = folder / "artifacts"
            scene.prepare()
            yield scene


def test_a_build_of_the_lake_on_a_full_disk(tmp_path: Path) -> None:
    with scene(Target.SPARK, tmp_path) as spark:
        before = spark.published()
        spark.disk.fill()
        spark.require_failed_build("A disk is full")
        refused = ""  # as it is where the build had not changed anything yet
        try:
            publish(spark.settings)
        except PublishFailed as error:
            refused = str(error)
        assert not refused or "The last build has not finished" in refused
        assert spark.published() == before
        spark.disk.make_room()

        with spark.disk.read_only():
            spark.require_failed_build("A file system is read-only")
        require_as_full_refresh(spark.warehouse)
        publish(spark.settings)
        assert len(spark.published()) > len(before)


def test_a_build_and_a_publish_in_postgres_on_a_full_disk(tmp_path: Path) -> None:
    with scene(Target.POSTGRES, tmp_path) as postgres:
        before = postgres.published()
        postgres.disk.fill()
        postgres.require_failed_build("No space left on device")
        postgres.disk.make_room()
        postgres.wait_ready()
        assert postgres.published() == before
        require_as_full_refresh(postgres.warehouse)

        postgres.disk.fill()
        with pytest.raises(
            (PublishFailed, DatabaseUnavailable), match=r"No space left on device|the connection is|PostgreSQL at"
        ):
            publish(postgres.settings)
        postgres.disk.make_room()
        postgres.wait_ready()
        assert postgres.published() == before
        publish(postgres.settings)
        assert len(postgres.published()) > len(before)

"""PostgreSQL, which has the build lock, is started anew under a build and under a publish, on both targets."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from checks.landing import Offsets
from coinloom.settings import ServerName, Settings, Target
from serving.publish import publish
from stack import services
from stack.supervisor import Supervisor
from stores.database import as_reader, connect
from tests.warehouse.as_full_refresh import land_coin, require_as_full_refresh
from tests.warehouse.halted_publish import halted_publish
from tests.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

FIRST, LATER = datetime(2026, 3, 10, 11, 50), datetime(2026, 3, 10, 12, 20)
EVERYTHING = "select coin_id, bar_minute, price, ema_20 from marts.crypto_table order by 1, 2"


@pytest.fixture(params=Target)
def warehouse(request: pytest.FixtureRequest, spark_servers: Settings) -> Iterator[Warehouse]:
    """On servers that are supervised, so that they can be stopped; an hour of a coin is published, some more is not."""
    warehouse = Warehouse(spark_servers.model_copy(update={"dbt_target": request.param}))
    offsets = Offsets()
    warehouse.reset()
    land_coin(warehouse, offsets, "steady", 60, FIRST)
    warehouse.build()
    publish(warehouse.settings)
    land_coin(warehouse, offsets, "new", 30, LATER)
    yield warehouse
    warehouse.reset()


def restart(settings: Settings) -> None:
    supervisor = Supervisor(settings)
    supervisor.stop_process(ServerName.POSTGRES)
    supervisor.start_process(ServerName.POSTGRES)
    supervisor.wait_ready(services.server(settings, ServerName.POSTGRES))


def published(settings: Settings) -> list[tuple[object, ...]]:
    with connect(as_reader(settings)) as connection:
        return connection.execute(EVERYTHING).fetchall()


def test_a_build_that_has_lost_its_lock_ends_and_the_next_one_repairs(warehouse: Warehouse) -> None:
    build = warehouse.running("build")
    for line in build.lines():
        if " START " in line and ".int_prices " in line:
            break
    restart(warehouse.settings)
    build.wait()
    assert build.returncode != 0
    said = " ".join(build.stdout.split())
    assert "The build lock is lost" in said or "terminating connection" in said, build.stdout[-4000:]
    require_as_full_refresh(warehouse)
    assert sum(mart.upserted for mart in publish(warehouse.settings))


def test_a_publish_that_is_cut_off_changes_nothing_and_the_next_one_repairs(warehouse: Warehouse) -> None:
    settings = warehouse.settings
    warehouse.build()
    before = published(settings)
    with halted_publish(settings) as cut_off:
        restart(settings)
        _, said = cut_off.communicate(timeout=60)
    assert cut_off.returncode == 1
    assert "marts.crypto_table was not published: " in " ".join(said.split())
    assert published(settings) == before
    publish(settings)
    assert len(published(settings)) > len(before)

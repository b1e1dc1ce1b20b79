"""Warehouses to build in: PostgreSQL alone for its target, and a Thrift Server for Spark."""

from collections.abc import Iterator

import pytest

from coinloom.settings import ServerName, Settings, Target
from stack import services
from stack.lifecycle import running_servers
from stack.with_postgres import temporary_postgres
from stores.migrate import migrate
from tests.object_store import object_store, on_s3
from tests.stacks import own_settings, running_stack, supervised_processes
from tests.warehouse.warehouse import Warehouse


@pytest.fixture(scope="session")
def spark_servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """PostgreSQL and Thrift Server; a broker for the prices of a file, which go the whole way."""
    settings = own_settings(tmp_path_factory.mktemp("warehouse"))
    servers = services.servers(settings)
    if not request.config.getoption("--price-file"):
        servers.remove(ServerName.KAFKA)
    with running_servers(settings, *servers):
        migrate(settings)
        yield settings
    assert supervised_processes(settings.coinloom_home) == []


@pytest.fixture(scope="session")
def warehouse_on_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One on Spark with servers of its own, whose lake is in a local S3."""
    home = tmp_path_factory.mktemp("on_s3")
    with object_store(home), running_stack(on_s3(own_settings(home))) as settings:
        yield Warehouse(settings)


@pytest.fixture(scope="session", params=Target)
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """Shared by the tests of a target: each begins with a reset."""
    if request.param is Target.SPARK:
        yield Warehouse(request.getfixturevalue("spark_servers"))
    else:
        with temporary_postgres() as settings:
            yield Warehouse(settings.model_copy(update={"dbt_target": Target.POSTGRES}))


@pytest.fixture(scope="session")
def quick_warehouse(warehouse: Warehouse) -> Warehouse:
    """For what is the same on both targets: on Spark, where a build takes six times as long, the test is a long one."""
    return warehouse

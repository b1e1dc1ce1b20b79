"""Warehouses to build in: PostgreSQL alone for its target, all servers for Spark."""

from collections.abc import Iterator

import pytest

from coinloom.settings import Settings, Target
from stack.with_postgres import temporary_postgres
from tests.object_store import object_store, on_s3
from tests.stacks import own_settings, running_stack
from tests.warehouse.warehouse import Warehouse


@pytest.fixture(scope="session")
def spark_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Broker, PostgreSQL and Thrift Server."""
    with running_stack(own_settings(tmp_path_factory.mktemp("warehouse"))) as settings:
        yield settings


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

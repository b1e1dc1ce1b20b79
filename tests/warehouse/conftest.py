"""Warehouses to build in: PostgreSQL alone for its target, all servers for Spark."""

from collections.abc import Iterator

import pytest

from coinloom.settings import Settings, Target
from stack.with_postgres import temporary_postgres
from tests.stacks import own_settings, running_stack
from tests.warehouse.warehouse import Warehouse


@pytest.fixture(scope="session")
def spark_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Broker, PostgreSQL and Thrift Server."""
    with running_stack(own_settings(tmp_path_factory.mktemp("warehouse"))) as settings:
        yield settings


@pytest.fixture(scope="session", params=Target)
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """Shared by the tests of a target: each begins with a reset."""
    if request.param is Target.SPARK:
        yield Warehouse(request.getfixturevalue("spark_servers"))
    else:
        with temporary_postgres() as settings:
            yield Warehouse(settings.model_copy(update={"dbt_target": Target.POSTGRES}))

"""A stack for each target, one after the other: PostgreSQL alone, and all servers with Spark."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console

from coinloom.progress import Steps
from coinloom.settings import Settings, Target
from stack import lifecycle
from stack.with_postgres import temporary_postgres
from tests.integration.conftest import own_settings, supervised_processes
from tests.warehouse.warehouse import Warehouse


@pytest.fixture(scope="session", params=Target)
def warehouse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Shared by the tests of a target: each begins with a reset."""
    target: Target = request.param
    home = own_settings(tmp_path_factory.mktemp("warehouse"))
    stack = temporary_postgres() if target is Target.POSTGRES else _all_servers(home)
    with stack as settings:
        yield Warehouse(settings.model_copy(update={"dbt_target": target}))


@contextmanager
def _all_servers(settings: Settings) -> Iterator[Settings]:
    try:
        lifecycle.start(settings, [], Steps(Console(quiet=True)))
        yield settings
    finally:
        lifecycle.stop(settings)
    assert supervised_processes(settings.coinloom_home) == []

"""Which ports have to be free: those of what is started, and no others."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from coinloom.settings import Settings, Target
from stack.errors import StackError
from stack.isolation import isolated_settings
from stack.services import require_free_ports, simulator


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def own(home: Path, target: Target, **ports: int) -> Settings:
    return isolated_settings(home, dbt_target=target, **ports)


def test_the_thrift_server_needs_its_port_where_it_is_started(tmp_path: Path, taken: int) -> None:
    require_free_ports(own(tmp_path, Target.POSTGRES, spark_thrift_port=taken), [])
    with pytest.raises(StackError, match="SPARK_THRIFT_PORT"):
        require_free_ports(own(tmp_path, Target.SPARK, spark_thrift_port=taken), [])


def test_nobody_polls_what_another_process_serves_as_the_simulator(tmp_path: Path, taken: int) -> None:
    settings = own(tmp_path, Target.POSTGRES, simulator_port=taken)
    require_free_ports(settings, [])
    with pytest.raises(StackError, match="SIMULATOR_PORT"):
        require_free_ports(settings, [simulator(settings, hours=1, speed=1)])

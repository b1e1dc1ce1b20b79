"""Where the dashboard cannot listen, it names the setting to change."""

import socket

import pytest

from coinloom.listening import CannotListen
from coinloom.settings import Settings
from dashboard.server import listening

OF_NOBODY_HERE = "192.0.2.1"  # an address of documentation


@pytest.mark.parametrize("host", ["no-such-host.invalid", OF_NOBODY_HERE])
def test_a_host_that_is_not_this_machine(host: str) -> None:
    settings = Settings(_env_file=None, dashboard_host=host, dashboard_port=0)
    with pytest.raises(CannotListen, match="DASHBOARD_HOST"), listening(settings):
        pass


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(_env_file=None, dashboard_port=taken.getsockname()[1])
        with pytest.raises(CannotListen, match="DASHBOARD_PORT"), listening(settings):
            pass

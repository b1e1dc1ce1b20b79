"""What a server says that cannot listen: the setting to change is that of the host or of the port."""

import socket

from coinloom.listening import cannot_listen


def said_of(host: str, port: int) -> str:
    with socket.socket() as server:
        try:
            server.bind((host, port))
        except OSError as error:
            return str(cannot_listen("The monitor", "MONITOR", host, port, error))
    return ""


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert said_of("127.0.0.1", port) == (
            f"The monitor cannot listen on 127.0.0.1, port {port} (Address already in use). "
            "Stop what listens there, or set MONITOR_PORT to another one."
        )


def test_a_host_that_is_not_this_machine() -> None:
    for host in ("no-such-host.invalid", "192.0.2.1"):
        assert said_of(host, 0).endswith("Set MONITOR_HOST to a name or an address of this machine.")


def test_a_host_that_waitress_does_not_know() -> None:
    said = cannot_listen("The dashboard", "DASHBOARD", "nowhere", 8050, ValueError("Invalid host/port specified."))
    assert str(said).startswith("The dashboard cannot listen on nowhere, port 8050 (no such host). Set DASHBOARD_HOST ")

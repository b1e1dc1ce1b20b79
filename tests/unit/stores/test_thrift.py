"""A Thrift Server that we cannot talk to is refused with the setting to change, as PyHive and dbt-spark meet it."""

import socket
from pathlib import Path
from typing import Any

import pytest
from thrift.transport.TTransport import TTransportException

from coinloom.settings import Settings
from serving.lake import Lake
from serving.source import PublishFailed
from stores.thrift import ThriftServerRefused, ThriftServerUnavailable, open_cursor, sasl_transport, thrift_obstacle
from tests.certificates import Authority
from tests.unit.stores.servers import ThriftServer, listening, thrift_server

SOON = 10.0
LAST = "builds.hour_versions"
NOTICED = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}


def settings(port: int, **values: Any) -> Settings:
    return Settings(_env_file=None, spark_thrift_port=port, **values)


def refused(settings: Settings) -> str:
    with pytest.raises(ThriftServerRefused) as raised, open_cursor(settings):
        pytest.fail("It was let in.")
    return str(raised.value)


def test_a_certificate_of_another_signer(encrypted: int, tmp_path: Path) -> None:
    signer = Authority.new(tmp_path).signer
    said = refused(settings(encrypted, spark_thrift_ssl=True, spark_thrift_ssl_cafile=signer))
    assert f"the certificate of the Thrift Server at 127.0.0.1:{encrypted} is signed by somebody else" in said
    assert "set SPARK_THRIFT_SSL_CAFILE" in said


def test_a_name_that_does_not_fit(authority: Authority) -> None:
    with listening(authority.certificate("spark.example.org")) as port:
        said = refused(settings(port, spark_thrift_ssl=True, spark_thrift_ssl_cafile=authority.signer))
    assert "is for spark.example.org: use such a name in SPARK_THRIFT_HOST" in said


def test_a_plain_port(authority: Authority) -> None:
    with listening(None) as port:
        said = refused(settings(port, spark_thrift_ssl=True, spark_thrift_ssl_cafile=authority.signer))
    assert "does not speak TLS" in said
    assert "set SPARK_THRIFT_SSL=false" in said


def test_a_port_that_wants_tls(encrypted: int) -> None:
    assert "speaks TLS: set SPARK_THRIFT_SSL=true" in refused(settings(encrypted))


def test_a_wrong_password_is_what_the_server_says() -> None:
    said = thrift_obstacle(settings(1, spark_thrift_user="ada"), "Bad status: 3 (b'Error validating the login')") or ""
    assert "does not let 'ada' in with that password: set SPARK_THRIFT_USER and SPARK_THRIFT_PASSWORD" in said


def test_nobody_there_is_something_else() -> None:
    nobody = settings(1, spark_thrift_ssl=True)
    with (
        pytest.raises(ThriftServerUnavailable, match="Check SPARK_THRIFT_HOST and SPARK_THRIFT_PORT"),
        open_cursor(nobody),
    ):
        pytest.fail("Somebody is there.")


def test_a_server_that_goes_away_in_a_statement_is_said_to_have() -> None:
    def look(server: ThriftServer) -> None:
        with open_cursor(settings(server.port)) as cursor:
            cursor.execute("select 1")
            Lake(cursor).hour_versions()

    with thrift_server(LAST) as server:
        said = rf"Thrift Server at 127\.0\.0\.1:{server.port} went away .*\(TSocket read 0 bytes\).*coinloom status"
        with pytest.raises(ThriftServerUnavailable, match=said):
            look(server)


def test_what_went_wrong_is_said_though_the_server_is_gone() -> None:
    def fail(server: ThriftServer) -> None:
        with open_cursor(settings(server.port)) as cursor:
            cursor.execute("select 1")
            server.end()
            raise PublishFailed("a mart is not there")

    with thrift_server(LAST) as server, pytest.raises(PublishFailed, match="a mart is not there"):
        fail(server)


def test_a_session_ends_with_its_block() -> None:
    with thrift_server(LAST) as server:
        with open_cursor(settings(server.port)) as cursor:
            cursor.execute("select 1")
            assert not server.ended.is_set()
        assert server.ended.wait(SOON)  # although `cursor` is still here


def test_who_does_not_answer_is_waited_for_as_long_as_it_takes_to_connect() -> None:
    """The system takes connections for a server that does not: only TLS waits for an answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(TTransportException, match="Could not connect"):
            sasl_transport(settings(port, spark_thrift_ssl=True), "127.0.0.1", port, "ada", None, connect_seconds=0.5)


@pytest.mark.parametrize("uses_tls", [False, True])
def test_a_statement_may_take_long_and_a_machine_that_is_gone_is_noticed(
    authority: Authority, *, uses_tls: bool
) -> None:
    signer = authority.signer if uses_tls else None
    with listening(authority.certificate() if uses_tls else None) as port:
        ours = settings(port, spark_thrift_ssl=uses_tls, spark_thrift_ssl_cafile=signer)
        connected = sasl_transport(ours, "127.0.0.1", port, "ada", None)._trans.handle
        assert connected.gettimeout() is None
        assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        for name, value in NOTICED.items():
            if hasattr(socket, name):
                assert connected.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
        connected.close()

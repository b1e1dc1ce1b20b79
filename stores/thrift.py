"""SQL over Spark's Thrift Server."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

import thrift_sasl
from pyhive import hive
from thrift.Thrift import TException
from thrift.transport.TSocket import TSocket
from thrift.transport.TSSLSocket import TSSLSocket
from thrift.transport.TTransport import TTransportException

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, in_clear
from stores.keepalive import CONNECT_SECONDS, keep_alive
from stores.tls import Peer, obstacle, tls_context

NO_PASSWORD = "x"  # noqa: S105  a server that asks for none wants something all the same
REFUSED = "Error validating the login"


class ThriftServerUnavailable(CoinloomError):
    """The Thrift Server could not be reached, or went away."""


class ThriftServerRefused(CoinloomError):
    """It is there, and does not talk to us, or we not to it."""


@contextmanager
def open_cursor(settings: Settings) -> Iterator[hive.Cursor]:
    """A cursor on a session of its own, which ends with the block.

    Raises:
        ThriftServerUnavailable, ThriftServerRefused: naming the settings to check; the first also from the block.
        WrongSetting: the certificates of SPARK_THRIFT_SSL_CAFILE cannot be read.
    """
    host, port, user = settings.spark_thrift_host, settings.spark_thrift_port, settings.spark_thrift_user
    password = in_clear(settings.spark_thrift_password)
    try:
        transport = sasl_transport(settings, host, port, user, password)
        cursor = hive.Connection(thrift_transport=transport, username=user).cursor()
    except (TTransportException, struct.error) as error:  # the latter of an answer that is no Thrift
        if reason := thrift_obstacle(settings, str(error)):
            raise ThriftServerRefused(reason) from None
        raise ThriftServerUnavailable(
            f"No Thrift Server answers at {host}:{port}. Is it running (coinloom status)? "
            "Check SPARK_THRIFT_HOST and SPARK_THRIFT_PORT."
        ) from None
    try:
        yield cursor
    except TException as error:
        raise ThriftServerUnavailable(
            f"The Thrift Server at {host}:{port} went away in the middle of a statement ({error}). "
            "Is it running (coinloom status)? Run this again when it is."
        ) from error
    finally:
        # The server ends a session whose connection ends. PyHive asks it to and waits, in the middle of a statement for
        # the end of that, and fails where the server is gone.
        if transport.isOpen():
            transport.close()


def is_not_there(error: Exception) -> bool:
    """Whether a statement has failed because a table, a view or a schema that it names does not exist."""
    return any(reason in str(error) for reason in ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND"))


def sasl_transport(
    settings: Settings,
    host: str,
    port: int,
    user: str,
    password: str | None,
    *,
    connect_seconds: float = CONNECT_SECONDS,
) -> thrift_sasl.TSaslClientTransport:
    """What PyHive speaks through. With SPARK_THRIFT_SSL it is encrypted, and the server has to show who it is.

    A statement may take hours, so once it is open only a machine that is gone ends the wait for an answer.

    Raises TTransportException when it cannot be opened: after that, PyHive would trip over closing it.
    """
    if settings.spark_thrift_ssl:
        context = tls_context(settings.spark_thrift_ssl_cafile, "SPARK_THRIFT_SSL_CAFILE")
        socket = TSSLSocket(host, port, ssl_context=context)
    else:
        socket = TSocket(host, port)
    socket.setTimeout(connect_seconds * 1000)
    socket.open()
    socket.setTimeout(None)
    keep_alive(socket.handle)

    def client() -> object:
        return hive.get_installed_sasl(host=host, sasl_auth="PLAIN", username=user, password=password or NO_PASSWORD)

    return thrift_sasl.TSaslClientTransport(client, "PLAIN", socket)


def thrift_obstacle(settings: Settings, error: str) -> str | None:
    """Why the Thrift Server and we cannot talk, after that error; None if nobody is there, or if it is neither."""
    server = Peer(
        what="the Thrift Server",
        host=settings.spark_thrift_host,
        port=settings.spark_thrift_port,
        uses_tls=settings.spark_thrift_ssl,
        signer=settings.spark_thrift_ssl_cafile,
        address_setting="SPARK_THRIFT_HOST",
        signer_setting="SPARK_THRIFT_SSL_CAFILE",
        with_tls="SPARK_THRIFT_SSL=true",
        without_tls="SPARK_THRIFT_SSL=false",
    )
    if REFUSED in error:
        return (
            f"{server} does not let '{settings.spark_thrift_user}' in with that password: "
            "set SPARK_THRIFT_USER and SPARK_THRIFT_PASSWORD"
        )
    return obstacle(server)

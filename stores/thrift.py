"""SQL over Spark's Thrift Server."""

from pyhive import hive
from thrift.transport.TTransport import TTransportException

from coinloom.errors import CoinloomError
from coinloom.settings import Settings


class ThriftServerUnavailable(CoinloomError):
    """The Thrift Server could not be reached."""


def open_cursor(settings: Settings) -> hive.Cursor:
    """A cursor on a session of its own; use it in a `with`, or close it.

    Raises:
        ThriftServerUnavailable: naming the settings to check.
    """
    host, port = settings.spark_thrift_host, settings.spark_thrift_port
    try:
        return hive.Connection(host=host, port=port, auth="NONE").cursor()
    except TTransportException:
        raise ThriftServerUnavailable(
            f"No Thrift Server answers at {host}:{port}. Is it running (coinloom status)? "
            "Check SPARK_THRIFT_HOST and SPARK_THRIFT_PORT."
        ) from None

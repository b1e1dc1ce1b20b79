"""SQL over Spark's Thrift Server."""

from pyhive import hive

from coinloom.settings import Settings


def open_cursor(settings: Settings) -> hive.Cursor:
    """A cursor on a session of its own; use it in a `with`, or close it."""
    connection = hive.Connection(host=settings.spark_thrift_host, port=settings.spark_thrift_port, auth="NONE")
    return connection.cursor()

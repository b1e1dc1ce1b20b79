"""dbt's way to Spark's Thrift Server: the server has to show who it is, and what fails says what to set.

With `use_ssl` dbt-spark encrypts, and takes any certificate: whoever is on the way could answer in the server's place.
"""

import sys
from contextlib import suppress
from typing import Any

from dbt.adapters.contracts.connection import Connection
from dbt.adapters.exceptions.connection import FailedToConnectError
from dbt.plugins.manager import dbtPlugin

from coinloom.errors import WrongSetting
from coinloom.settings import read_settings
from dbt_coinloom.project import PROJECT
from stores.thrift import sasl_transport, thrift_obstacle

SPARK = "dbt.adapters.spark.connections"
AUTH = (None, "NONE", "LDAP", "CUSTOM")


class CheckedServer(dbtPlugin):
    """Changes how dbt's adapter for Spark opens sessions; before `KeptSessions`, which keeps them."""

    def initialize(self) -> None:
        """By now dbt has loaded the adapter of the target, and that of no other."""
        spark: Any = sys.modules.get(SPARK)
        if self.project_name != PROJECT or spark is None or spark.build_ssl_transport is _transport:
            return
        spark.build_ssl_transport = _transport
        _explain_failures_of(spark.SparkConnectionManager)


def _transport(**wanted: Any) -> Any:
    """The arguments are those of dbt-spark's own function."""
    if wanted["auth"] not in AUTH:
        raise FailedToConnectError(f"with use_ssl, auth may be NONE, LDAP or CUSTOM, and is {wanted['auth']}")
    names = ("host", "port", "username", "password")
    return sasl_transport(read_settings(), *(wanted[name] for name in names))


def _explain_failures_of(manager: Any) -> None:
    open_one = manager.open

    def open_or_explain(connection: Connection) -> Connection:
        try:
            opened: Connection = open_one(connection)
        except FailedToConnectError as error:
            raise FailedToConnectError(_explained(str(error))) from error
        return opened

    manager.open = staticmethod(open_or_explain)


def _explained(error: str) -> str:
    with suppress(WrongSetting):  # then the error is about it already
        return thrift_obstacle(read_settings(), error) or error
    return error

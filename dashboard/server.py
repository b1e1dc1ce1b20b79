"""`coinloom dashboard`: serves the dashboard until it is stopped."""

import errno
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import waitress

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from dashboard.app import create_app
from dashboard.database import Database

THREADS = 8
ANOTHER_PORT = "Stop what listens there, or set DASHBOARD_PORT to another one."
ANOTHER_HOST = "Set DASHBOARD_HOST to a name or an address of this machine."
# What to do by the number of the error.
ADVICE = {errno.EADDRINUSE: ANOTHER_PORT, errno.EACCES: ANOTHER_PORT}

log = logging.getLogger("dashboard")


class CannotListen(CoinloomError):
    """The dashboard's address is taken, or is not one of this machine."""


def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT, which end the process with code 0.

    Raises:
        CannotListen: naming the setting to change.
    """
    with listening(settings) as server:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        log.info("the dashboard is on http://%s:%d", settings.dashboard_host, settings.dashboard_port)
        server.run()


@contextmanager
def listening(settings: Settings) -> Iterator[Any]:
    """A server that listens, with `run` to answer; closed at the end, and its connections to PostgreSQL with it.

    Raises CannotListen.
    """
    host, port = settings.dashboard_host, settings.dashboard_port
    database = Database(settings)
    app = create_app(settings, database)
    try:
        server = waitress.create_server(app.server, host=host, port=port, threads=THREADS, ident="coinloom")
    except (OSError, ValueError) as error:
        raise CannotListen(f"The dashboard cannot listen on {host}, port {port} {_why_and_what_to_do(error)}") from None
    try:
        yield server
    finally:
        server.close()
        database.close()


def _why_and_what_to_do(error: OSError | ValueError) -> str:
    """waitress has a ValueError for a host whose name is not known."""
    if isinstance(error, ValueError):
        return f"(no such host). {ANOTHER_HOST}"
    return f"({error.strerror}). {ADVICE.get(error.errno or 0, ANOTHER_HOST)}"

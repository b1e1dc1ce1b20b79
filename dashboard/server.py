"""`coinloom dashboard`: serves the dashboard until it is stopped."""

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
    except OSError as error:
        raise CannotListen(
            f"The dashboard cannot listen on {host}, port {port} ({error.strerror}). Stop what listens there, or set "
            "DASHBOARD_PORT to another one."
        ) from None
    try:
        yield server
    finally:
        server.close()
        database.close()

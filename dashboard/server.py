"""`coinloom dashboard`: serves the dashboard until it is stopped."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import waitress

from coinloom.listening import cannot_listen
from coinloom.settings import Settings
from dashboard.app import create_app
from dashboard.database import Database

THREADS = 8

log = logging.getLogger("dashboard")


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
        raise cannot_listen("The dashboard", "DASHBOARD", host, port, error) from None
    try:
        yield server
    finally:
        server.close()
        database.close()

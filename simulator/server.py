"""Runs the application on a port until it is told to stop."""

import errno
import logging
import signal
import socket
import sys
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from simulator.app import PREFIX

_BACKLOG = 128
_SECONDS_TO_FINISH = 3

logger = logging.getLogger(__name__)


class ListenError(OSError):
    """The address cannot be listened on; the message says what to do."""


def serve(app: ASGIApp, host: str, port: int, access_log: bool = False) -> None:
    """Serves on `host` and `port` (0: any free port) until SIGTERM or SIGINT, which end the process with code 0.

    Raises ListenError.
    """
    listener = _listen(host, port)
    base_url = f"http://{host}:{listener.getsockname()[1]}{PREFIX}"
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it has finished the open requests, and then it comes here.
        signal.signal(number, _exit_cleanly)
    logger.info("simulator listens on %s", base_url)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=access_log,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that clients can connect from the moment the base URL is logged."""
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ListenError(f"port {port} on {host} is in use: set SIMULATOR_PORT to a free one") from error
        raise ListenError(f"cannot listen on {host}, port {port}: {error.strerror}") from error


def _exit_cleanly(_: int, __: FrameType | None) -> None:
    sys.exit(0)

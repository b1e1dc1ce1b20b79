"""The simulator on a free port of this machine, with faults."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.clock import MarketClock
from simulator.faults import FaultPlan
from simulator.faulty import KEPT_BYTES, FaultyApp
from simulator.market import Market

NOON = datetime(2026, 5, 18, 12, tzinfo=UTC)
MARKET = create_app(Market(seed=7, count=40), MarketClock(NOON.timestamp))


@contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """The base URL of an app, served from a thread; `options` are further ones of uvicorn."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", **options))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v3"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def running_simulator(
    faults: str, seed: int = 7, market: Starlette = MARKET, kept_bytes: int = KEPT_BYTES
) -> Iterator[str]:
    """The base URL of a market of 40 coins where it is noon, with these faults."""
    app = FaultyApp(market, FaultPlan.read(faults, seed), kept_bytes)
    with served(app, timeout_graceful_shutdown=1) as url:
        yield url

"""Lets an application answer for prices, now and in the past, as badly as a FaultPlan says."""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count

import numpy as np
from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.faults import Fault, FaultPlan
from simulator.spoiling import spoil

SECONDS_OF_SILENCE = 60
SECONDS_PER_BYTE = 0.2
HUGE_BYTES = 20_000_000
RETRY_AFTER_SECONDS = 1
KEPT_BYTES = 64_000_000
"""Of answers that may be repeated; those to all pages of 15,000 coins in three currencies are 36 MB."""
PATHS = "/coins/markets", "/market_chart/range"

log = logging.getLogger(__name__)


class FaultyApp:
    """An ASGI application around another one; requests for other paths pass through and do not count."""

    def __init__(self, app: ASGIApp, plan: FaultPlan, kept_bytes: int = KEPT_BYTES) -> None:
        self._app = app
        self._plan = plan
        self._numbers = count()
        self._bodies: LRUCache[tuple[str, bytes], bytes] = LRUCache(kept_bytes, getsizeof=len)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith(PATHS):
            return await self._app(scope, receive, send)
        number = next(self._numbers)
        fault = self._plan.fault_of(number)
        if fault:
            log.info("request %d: %s", number, fault)
        match fault:
            case Fault.NO_ANSWER:
                await asyncio.wait_for(_disconnected(receive), SECONDS_OF_SILENCE)
            case Fault.SLOW_DRIP:
                await _drip(receive, send)
            case Fault.RATE_LIMITED:
                await _rate_limited(number)(scope, receive, send)
            case Fault.SERVER_ERROR:
                await Response("<html>trouble</html>", (500, 502, 503, 504)[number % 4])(scope, receive, send)
            case Fault.GARBAGE:
                garbage = np.random.default_rng([self._plan.seed, number]).bytes(200)
                await Response(b"\xff" + garbage, media_type="application/json")(scope, receive, send)
            case Fault.WRONG_SHAPE:
                shape = ('{"coins": []}', '["bitcoin", 1]', "null", "12.5")[number % 4]
                await Response(shape, media_type="application/json")(scope, receive, send)
            case Fault.HUGE:
                await Response(b"[" + b" " * HUGE_BYTES + b"]", media_type="application/json")(scope, receive, send)
            case _:
                await self._answer(fault, scope, receive, send)
        return None

    async def _answer(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        """The market's answer, whole or cut off, with rows that are right or not."""
        start, body = await _answer_of(self._app, scope, receive)
        asked = scope["path"], bytes(scope["query_string"])
        if start["status"] == 200:  # noqa: PLR2004  HTTP
            if fault is Fault.REPEATED:
                body = self._bodies.get(asked, body)
            elif fault:
                body = json.dumps(spoil(fault, json.loads(body)), ensure_ascii=False, separators=(",", ":")).encode()
            self._bodies[asked] = body
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        sent = body[: len(body) // 2] if fault is Fault.CUT_OFF else body
        await send({"type": "http.response.body", "body": sent, "more_body": fault is Fault.CUT_OFF})
        if fault is Fault.CUT_OFF:
            raise ConnectionAbortedError("cut off, as planned")


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    start, *rest = messages
    return start, b"".join(message.get("body", b"") for message in rest)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drip(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    gone = asyncio.ensure_future(_disconnected(receive))
    while not gone.done():
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(SECONDS_PER_BYTE)


def _rate_limited(number: int) -> Response:
    bodies = '{"status":{"error_code":429,"error_message":"too many"}}', "error code: 1015", "<html>429</html>"
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=RETRY_AFTER_SECONDS), usegmt=True)
    retry_after = str(RETRY_AFTER_SECONDS) if number % 2 else until
    return Response(bodies[number % 3], 429, headers={"Retry-After": retry_after})

"""Writes down what an application has answered: one JSON line per list of coins that was sent as a whole."""

import json
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HTTP_OK = 200


class RecordError(OSError):
    """The file cannot be written; the message says what to do."""


class RecordingApp:
    """An ASGI application around another one. A line is a list of [id, current_price, last_updated].

    Raises RecordError.
    """

    def __init__(self, app: ASGIApp, path: Path) -> None:
        self._app = app
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise RecordError(f"cannot write to {path} ({error.strerror}): let --record name another file") from error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts: list[Message] = []

        async def send_and_keep(message: Message) -> None:
            await send(message)
            parts.append(message)

        await self._app(scope, receive, send_and_keep)
        is_of_markets = scope["type"] == "http" and scope["path"].endswith("/coins/markets")
        if is_of_markets and parts and parts[0]["status"] == HTTP_OK:  # no parts: a fault that sends nothing
            self._write(b"".join(part.get("body", b"") for part in parts))

    def _write(self, body: bytes) -> None:
        if rows := _rows(body):
            self._file.write(json.dumps(rows) + "\n")
            self._file.flush()


def _rows(body: bytes) -> list[list[Any]]:
    """Empty for what is not a list of coins."""
    try:
        answer = json.loads(body)
    except ValueError:
        return []
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        return []
    return [[row.get("id"), row.get("current_price"), row.get("last_updated")] for row in answer]

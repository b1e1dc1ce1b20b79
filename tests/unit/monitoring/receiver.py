"""A real HTTP server in this process, to which alerts are sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import SecretStr

SECRET = "T00NotReal/B11NotReal/xyzzy"


class Receiver(ThreadingHTTPServer):
    """Takes every message, once it has given the `answers` that it was told to give first."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answers: list[int] = []
        self.asked = 0
        self.taken: list[dict[str, Any]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> SecretStr:
        return url_at(self.port)


def url_at(port: int) -> SecretStr:
    """As long as something listens there."""
    return SecretStr(f"http://127.0.0.1:{port}/services/{SECRET}")


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer == 200 and self.path.endswith(SECRET):
            self.server.taken.append(body)
        self.send_response(answer)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keeps the test's output clean."""


@contextmanager
def running_receiver(port: int = 0) -> Iterator[Receiver]:
    with Receiver(port) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()

"""Servers that do no more than begin: one that opens connections, with a certificate or without, and a PostgreSQL."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trustme


@contextmanager
def listening(certificate: trustme.LeafCert | None) -> Iterator[int]:
    """Its port on 127.0.0.1. Without a certificate it hangs up when it hears TLS, as Kafka's plain port does."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, context), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server: socket.socket, context: ssl.SSLContext | None) -> None:
    with suppress(OSError):  # its end
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                opened = context.wrap_socket(connection, server_side=True) if context else connection
                opened.recv(1)


EMPTY_STATEMENT = b"Q\x00\x00\x00\x05\x00"


def postgres_says(kind: bytes, body: bytes = b"") -> bytes:
    """A message of its protocol."""
    return kind + (4 + len(body)).to_bytes(4, "big") + body


def postgres_error(code: str, text: str) -> bytes:
    return postgres_says(b"E", f"SERROR\0C{code}\0M{text}\0\0".encode())


LETS_IN = postgres_says(b"R", bytes(4))
IS_READY = postgres_says(b"Z", b"I")
NOTHING_DONE = postgres_says(b"I")


@contextmanager
def refusing_postgres(error: bytes) -> Iterator[int]:
    """The port on 127.0.0.1 of one that refuses every user so. It has no TLS."""
    with _postgres(error, b"") as port:
        yield port


@contextmanager
def failing_postgres(error: bytes) -> Iterator[int]:
    """The port on 127.0.0.1 of one that lets everybody in, and answers all that they ask so. It has no TLS."""
    with _postgres(LETS_IN + IS_READY, error + IS_READY) as port:
        yield port


@contextmanager
def _postgres(begin: bytes, answer: bytes) -> Iterator[int]:
    class Session(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # its end
                self.request.recv(10_000)
                self.request.sendall(begin)
                while answer and (asked := self.request.recv(10_000)):
                    self.request.sendall(NOTHING_DONE + IS_READY if asked == EMPTY_STATEMENT else answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()

"""A server that does nothing but open connections, with a certificate or without."""

import socket
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

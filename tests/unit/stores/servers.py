"""Servers that do no more than begin: one that opens connections, with a certificate or without, a PostgreSQL, and a
Thrift Server.
"""

import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trustme
from TCLIService import TCLIService, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TFramedTransport, TTransportException


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


SUCCESS = ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)
HANDLE = ttypes.THandleIdentifier(guid=bytes(16), secret=bytes(16))


class ThriftServer:
    """Finishes each statement with no rows, but is gone at one with `last` in it. `ended`: so has a connection."""

    def __init__(self, last: str) -> None:
        self.port = 0
        self.ended = threading.Event()
        self._last = last
        self._open: list[socket.socket] = []

    def end(self) -> None:
        """As one that was killed ends: every connection breaks off."""
        for connection in self._open:
            connection.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(10)

    def serve(self, connection: socket.socket) -> None:
        self._open.append(connection)
        for _ in ("the mechanism", "user and password"):
            _, length = struct.unpack(">BI", connection.recv(5, socket.MSG_WAITALL))
            connection.recv(length, socket.MSG_WAITALL)
        connection.sendall(struct.pack(">BI", 5, 0))  # complete
        transport = TSocket()
        transport.setHandle(connection)
        protocol = TBinaryProtocol(TFramedTransport(transport))
        processor = TCLIService.Processor(_Session(self._last))
        with suppress(TTransportException):
            while True:
                processor.process(protocol, protocol)
        self.ended.set()


class _Session:
    def __init__(self, last: str) -> None:
        self._last = last

    def OpenSession(self, _: ttypes.TOpenSessionReq) -> ttypes.TOpenSessionResp:  # noqa: N802
        version = ttypes.TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6
        return ttypes.TOpenSessionResp(SUCCESS, version, sessionHandle=ttypes.TSessionHandle(HANDLE))

    def ExecuteStatement(self, request: ttypes.TExecuteStatementReq) -> ttypes.TExecuteStatementResp:  # noqa: N802
        if self._last in request.statement:
            raise TTransportException
        operation = ttypes.TOperationHandle(HANDLE, ttypes.TOperationType.EXECUTE_STATEMENT, hasResultSet=False)
        return ttypes.TExecuteStatementResp(SUCCESS, operation)

    def CloseOperation(self, _: ttypes.TCloseOperationReq) -> ttypes.TCloseOperationResp:  # noqa: N802
        return ttypes.TCloseOperationResp(SUCCESS)


@contextmanager
def thrift_server(last: str) -> Iterator[ThriftServer]:
    """It takes any password, and has no TLS."""
    running = ThriftServer(last)

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            running.serve(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        running.port = server.server_address[1]
        yield running
        server.shutdown()

"""TCP ports on this machine."""

import socket

from stack.errors import StackError


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def require_free(host: str, port: int, setting: str) -> None:
    """Raise StackError when the port is taken, naming the setting that moves it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StackError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Stop what listens there, or set {setting} to another port in .env."
            ) from None

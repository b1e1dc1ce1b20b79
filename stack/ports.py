"""TCP ports on this machine."""

import random
import socket

from stack.errors import StackError

# Below the ports that systems give to outgoing connections, which could take one before its server does.
CHOICE = range(15_000, 32_000)
_given: set[int] = set()


def free_port(*others: int) -> int:
    """A port that nobody listens on at this moment, and that no outgoing connection will have.

    Nor is it one of `others`, nor one that this process has given before: who has it may not listen yet.
    Raises StackError if there is none.
    """
    for port in random.sample(CHOICE, min(len(CHOICE), 1_000)):
        if port in _given.union(others):
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise StackError(f"None of 1,000 ports between {CHOICE.start} and {CHOICE.stop} is free.")


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

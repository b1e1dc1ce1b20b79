"""When it is noticed that the machine at the other end is gone: after a minute, not after hours or never.

While it owes us an answer, after half a minute. So what only waits for it lets go of what others wait for.
"""

import socket

CONNECT_SECONDS = 10
IDLE_SECONDS, INTERVAL_SECONDS, COUNT = 30, 10, 3
UNANSWERED_MILLISECONDS = 30_000
# A system has some of these names. macOS has TCP_KEEPALIVE in the place of TCP_KEEPIDLE, and no time for what is sent.
OPTIONS = {
    "TCP_KEEPIDLE": IDLE_SECONDS,
    "TCP_KEEPALIVE": IDLE_SECONDS,
    "TCP_KEEPINTVL": INTERVAL_SECONDS,
    "TCP_KEEPCNT": COUNT,
    "TCP_USER_TIMEOUT": UNANSWERED_MILLISECONDS,
}


def keep_alive(connected: socket.socket) -> None:
    """Have the system ask, as libpq does for PostgreSQL."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in OPTIONS.items():
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

"""Why a server of ours cannot listen, and which of its settings to change."""

import errno

from coinloom.errors import CoinloomError

ERRORS_OF_PORTS = {errno.EADDRINUSE, errno.EACCES}
"""All others are of the host."""


class CannotListen(CoinloomError):
    """An address is taken, or is not one of this machine."""


def cannot_listen(server: str, settings: str, host: str, port: int, error: OSError | ValueError) -> CannotListen:
    """What there is to raise; the settings of `server` begin with `settings`, as in DASHBOARD_PORT.

    For a host whose name is not known, waitress has a ValueError.
    """
    why, number = (error.strerror, error.errno) if isinstance(error, OSError) else ("no such host", None)
    advice = (
        f"Stop what listens there, or set {settings}_PORT to another one."
        if number in ERRORS_OF_PORTS
        else f"Set {settings}_HOST to a name or an address of this machine."
    )
    return CannotListen(f"{server} cannot listen on {host}, port {port} ({why}). {advice}")

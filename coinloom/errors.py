"""The root of everything that Coinloom raises on purpose; each part has its own branch.

A message says what happened, to what, and what to do about it, by the name of the setting. None ever holds a secret.
"""


class CoinloomError(Exception):
    """What a command ends with: its message on standard error and `exit_code`, without a traceback."""

    exit_code = 1


class WrongSetting(CoinloomError):
    """A setting makes no sense, whatever the outside world answers; starting again does not help."""

    exit_code = 2


class Stopped(CoinloomError):
    """Somebody asked us to stop while we waited; a normal way to end, not a failure."""

"""What can stop maintenance."""

from coinloom.errors import CoinloomError


class MaintenanceFailed(CoinloomError):
    """Says what is in the way and what to do; the table is as it was."""

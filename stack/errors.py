"""What can go wrong with the embedded stack."""

from coinloom.errors import CoinloomError


class StackError(CoinloomError):
    """Something that the embedded stack needs is missing or does not work; the message says what to do."""

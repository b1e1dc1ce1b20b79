"""What can go wrong with a build of the loop."""

from coinloom.errors import CoinloomError


class BuildFailed(CoinloomError):
    """A build did not pass: names the models and tests that failed, or what it was at when it hung or died."""

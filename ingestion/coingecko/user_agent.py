"""How we introduce ourselves: CoinGecko's front turns away clients that do not."""

from importlib.metadata import PackageNotFoundError, version


def user_agent() -> str:
    """`coinloom/<version>`; the version is `source` where the package runs without having been installed."""
    try:
        return f"coinloom/{version('coinloom')}"
    except PackageNotFoundError:
        return "coinloom/source"

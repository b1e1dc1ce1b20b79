"""A price over a few hours as a row of blocks: ▁▂▄▆█▇▅."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(closes: Sequence[float], width: int) -> str:
    """The lowest is the lowest block, the highest the highest; empty, if there are not two prices."""
    if len(closes) < 2:  # noqa: PLR2004
        return ""
    width = min(width, len(closes))
    shown = [closes[round(place * (len(closes) - 1) / (width - 1))] for place in range(width)]
    low, span = min(shown), max(shown) - min(shown)
    return "".join(BLOCKS[round((close - low) / span * (len(BLOCKS) - 1)) if span else 0] for close in shown)

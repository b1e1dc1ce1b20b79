"""A price over a few hours as a line of 100 by 28 pixels, green if it ended higher than it began."""

from collections.abc import Sequence

from dashboard.figures.ink import DOWN, FLAT, UP, shaded

WIDTH, HEIGHT, MARGIN = 100, 28, 3


def sparkline(closes: Sequence[float]) -> str:
    """An SVG; without a line, if there are not two prices."""
    points = _points(closes)
    if not points:
        return _svg("")
    first, last = closes[0], closes[-1]
    colour = UP if last > first else DOWN if last < first else FLAT
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}"
    return _svg(
        f'<polygon points="{area}" fill="{shaded(colour, 0.14)}"/>'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-linejoin="round"/>'
    )


def _points(closes: Sequence[float]) -> list[tuple[float, float]]:
    if len(closes) < 2:  # noqa: PLR2004
        return []
    low, high = min(closes), max(closes)
    span = high - low or 1
    step, room = WIDTH / (len(closes) - 1), HEIGHT - 2 * MARGIN
    return [(i * step, MARGIN + room * (1 - (close - low) / span)) for i, close in enumerate(closes)]


def _svg(content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'preserveAspectRatio="none">{content}</svg>'
    )

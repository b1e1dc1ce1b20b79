"""Colours that read on light and dark alike."""

UP, DOWN, FLAT = "#1fae7a", "#ea4d63", "#8a94a6"
AVERAGE, EXPONENTIAL, BAND = "#e5a23c", "#4c8dff", "#8f83d8"
CLEAR = "rgba(0,0,0,0)"
FONT = 'Inter, system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif'


def shaded(colour: str, opacity: float) -> str:
    """`#rrggbb` as `rgba(...)`."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"

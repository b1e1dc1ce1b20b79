"""What history can no longer change: said before it is sent."""

from rich.console import Console

from coinloom.settings import Settings


def say_what_is_closed(settings: Settings, console: Console) -> None:
    """Nothing is closed by itself: only where `coinloom maintain` has removed landing."""
    if settings.landing_retention_days:
        console.print(
            f"LANDING_RETENTION_DAYS is {settings.landing_retention_days:g}: once older landing was removed, prices of "
            "its hours land, but stay out of the bars (intermediate.int_late_prices).",
            style="yellow",
            markup=False,
        )

"""Debian's chromium, or another browser of its kind that is installed, without a window."""

import os
import shutil
import time

from playwright.sync_api import Page

from coinloom.errors import CoinloomError

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "NO BROWSER, so nobody has looked at the dashboard: apt-get install chromium"


def find_browser() -> str | None:
    """Its path."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def arguments() -> list[str]:
    """As root it refuses to run with its sandbox."""
    return [] if os.geteuid() else ["--no-sandbox"]


class NotShown(CoinloomError):
    """What should be on the page did not come."""


def wait_for(page: Page, expression: str, seconds: float, look_ms: float) -> None:
    """Until JavaScript takes it for true; our pages forbid Playwright's own way, which evaluates texts in them.

    Raises NotShown.
    """
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({expression})"):
        if time.monotonic() > deadline:
            raise NotShown(f"{page.url} does not show within {seconds:g} s: {expression}")
        page.wait_for_timeout(look_ms)

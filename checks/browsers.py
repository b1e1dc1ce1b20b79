"""Debian's chromium, or another browser of its kind that is installed, without a window."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "NO BROWSER, so nobody has looked at the dashboard: apt-get install chromium"


def find_browser() -> str | None:
    """Its path."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def arguments() -> list[str]:
    """As root it refuses to run with its sandbox."""
    return [] if os.geteuid() else ["--no-sandbox"]

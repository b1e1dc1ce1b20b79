"""Debian's chromium, or another browser of its kind that is installed, without a window."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "NO BROWSER, so nobody has looked at the dashboard: apt-get install chromium"


def find_browser() -> str | None:
    """Its path."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """As root without its sandbox, with which it refuses to run."""
    arguments = [] if os.geteuid() else ["--no-sandbox"]
    return playwright.chromium.launch(executable_path=path, args=arguments)

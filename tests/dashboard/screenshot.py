"""`python -m tests.dashboard.screenshot FILE`: a picture of the dashboard that runs, for README.md."""

import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from checks.browsers import MISSING, arguments, find_browser
from coinloom.settings import read_settings
from stack.services import dashboard_url

LARGEST_BYTES = 300_000
SECONDS_TO_LOOK = 60


def take(file: Path, path: str) -> None:
    """Of the movers, in the dark theme, when the market's table and its lines are there."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments())
        page = chromium.new_page(viewport={"width": 1280, "height": 860}, color_scheme="dark")
        page.set_default_timeout(SECONDS_TO_LOOK * 1000)
        page.goto(dashboard_url(read_settings()))
        page.locator("#treemap .tile").first.wait_for()
        page.locator('.ag-row[row-id="bitcoin"] img').wait_for()
        page.wait_for_timeout(1500)  # until the last lines are drawn
        page.screenshot(path=file)


def main() -> None:
    browser, file = find_browser(), Path(sys.argv[1])
    if browser is None:
        sys.exit(MISSING)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        take(file, browser)
    except Error as error:
        sys.exit(f"No dashboard to look at ({error.message.splitlines()[0]}). Is it running? make up ARGS=--simulate")
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        sys.exit(f"{file} has {size:,} bytes, more than {LARGEST_BYTES:,}.")


if __name__ == "__main__":
    main()

"""When landing changed, as a build could have seen it, and when builds ran, as they say themselves."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from building.landed import landing_of
from coinloom.settings import Settings

LOOK_SECONDS = 0.1
BUILT = re.compile(r"^(\S+)Z INFO build: built in ([\d.]+) s, published in ([\d.]+) s$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Build:
    """Unix times: when it began, when it was built, and when it was published."""

    began: float
    built: float
    published: float


class LandingWatch:
    """`changes` has the Unix times at which there was more in landing."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._landing = landing_of(settings)
        self._stop = stop
        self.changes: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._look_again_and_again, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _look_again_and_again(self) -> None:
        before = self._landing.look()
        while not self._stop.wait(LOOK_SECONDS):
            if (now := self._landing.look()) != before:
                self.changes.append(time.time())
                before = now


def builds_in(log: Path) -> list[Build]:
    """Those that passed."""
    builds = []
    for said, build_seconds, publish_seconds in BUILT.findall(log.read_text(encoding="utf-8")):
        published = datetime.fromisoformat(said).replace(tzinfo=UTC).timestamp()
        built = published - float(publish_seconds)
        builds.append(Build(built - float(build_seconds), built, published))
    return builds

"""`python -m building.worker`: builds, and publishes if asked, once for each line on standard input.

It answers on standard output in lines of JSON: what it begins and ends to do, and how a build has ended. All that is
for people goes to standard error. It ends as soon as nobody can ask any more, in the middle of a build too: whoever
comes next goes on from there.
"""

import gc
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dbt_common.events.base_types import EventMsg

from building.messages import BEGINS, ENDS, FAILED, PASSED, PUBLISH
from building.warm_dbt import WarmDbt
from coinloom.errors import CoinloomError
from coinloom.logs import configure_logging
from coinloom.settings import Settings, Target, read_settings
from serving.publish import publish
from serving.source import NothingToPublish
from stores.migrate import migrate

log = logging.getLogger("build")

# Of what is no warning: what a macro says to people, and what our plugins say.
SAID_TO_PEOPLE = {"JinjaLogInfo", "Note"}


class Worker:
    """`answers` is where it says what it does, a line each."""

    def __init__(self, settings: Settings, answers: TextIO) -> None:
        self._settings = settings
        self._answers = answers
        self._answering = threading.Lock()
        self._dbt = WarmDbt(Path.cwd(), self._on_event)

    def build(self, *, with_publish: bool) -> None:
        """Answers how it ended."""
        try:
            self._answer(PASSED, self._steps(with_publish=with_publish))
        except CoinloomError as error:
            self._answer(FAILED, str(error))
        except Exception as error:  # the next build may pass
            log.exception("unexpected")
            self._answer(FAILED, f"{type(error).__name__}: {error}")

    def _steps(self, *, with_publish: bool) -> dict[str, float]:
        started = time.monotonic()
        if self._settings.dbt_target is Target.POSTGRES:
            migrate(self._settings)
        with self._doing("dbt build"):
            self._dbt.build()
        built = time.monotonic()
        if not with_publish:
            return {"built": built - started}
        with self._doing("publish"):
            self._publish()
        return {"built": built - started, "published": time.monotonic() - built}

    def _publish(self) -> None:
        try:
            publish(self._settings)
        except NothingToPublish as nothing:
            log.info("%s", nothing)

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        self._answer(BEGINS, what)
        yield
        self._answer(ENDS, what)

    def _on_event(self, event: EventMsg) -> None:
        match event.info.name:
            case "NodeStart":
                self._answer(BEGINS, event.data.node_info.node_name)
            case "NodeFinished":
                self._answer(ENDS, event.data.node_info.node_name)
        if event.info.level in {"warn", "error"} or event.info.name in SAID_TO_PEOPLE:
            log.log(logging.getLevelName(event.info.level.upper()), "dbt: %s", event.info.msg)  # type: ignore[attr-defined]

    def _answer(self, kind: str, value: object) -> None:
        with self._answering:
            print(json.dumps([kind, value]), file=self._answers, flush=True)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks us
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    configure_logging()
    worker, requests = Worker(read_settings(), answers), queue.SimpleQueue[str]()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    while True:
        worker.build(with_publish=requests.get().strip() == PUBLISH)
        gc.collect()


def _read_requests(requests: "queue.SimpleQueue[str]") -> None:
    for request in sys.stdin:
        requests.put(request)
    os._exit(0)  # whatever is being built


if __name__ == "__main__":
    main()

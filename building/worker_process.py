"""The process that builds, as the loop sees it: started when it is needed, asked, and ended when it hangs."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from building.errors import BuildFailed
from building.messages import BEGINS, BUILD, ENDS, FAILED, PASSED, PUBLISH
from coinloom.errors import Stopped

WORKER = [sys.executable, "-P", "-m", "building.worker"]
LOOK_FOR_STOP_SECONDS = 0.2
END_WITHIN_SECONDS = 5


class WorkerProcess:
    """Keeps one process, with these environment variables and in this folder, from build to build.

    Its end of the pipe closes when we end, however we end, and then it ends too.
    """

    def __init__(self, variables: Mapping[str, str], folder: Path, timeout_seconds: float) -> None:
        self._variables = variables
        self._folder = folder
        self._timeout_seconds = timeout_seconds
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._doing: list[str] = []

    def start(self) -> None:
        """It imports for some seconds, before it can build; nothing happens if it runs."""
        if self._process and self._process.poll() is None:
            return
        self._doing, self._answers = [], queue.SimpleQueue()
        self._process = subprocess.Popen(
            WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._variables, cwd=self._folder, text=True
        )
        threading.Thread(target=_read, args=(self._process.stdout, self._answers), daemon=True).start()

    def build(self, stop: threading.Event, *, with_publish: bool) -> dict[str, float]:
        """Build once; returns the seconds of what was done. However it fails, the next call goes on from there.

        Raises:
            BuildFailed: it names what failed, or what it was at when it hung or died.
            Stopped: `stop` was set.
        """
        self.start()
        self._ask(PUBLISH if with_publish else BUILD)
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            kind, value = self._next_answer(stop, deadline)
            if kind == PASSED:
                seconds: dict[str, float] = value
                return seconds
            if kind == FAILED:
                self._doing = []
                raise BuildFailed(value)
            self._follow(kind, value)

    @property
    def doing(self) -> list[str]:
        """What it is at, from the outer to the inner: a step, and the nodes of dbt in it."""
        return list(self._doing)

    def _follow(self, kind: str, what: str) -> None:
        if kind == BEGINS:
            self._doing.append(what)
        elif kind == ENDS and what in self._doing:
            self._doing.remove(what)

    def end(self) -> None:
        """End it, whatever it is at."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _ask(self, what: str) -> None:
        try:
            self._pipe.write(f"{what}\n")
            self._pipe.flush()
        except OSError:
            pass  # it has just ended: so does its list of answers

    @property
    def _pipe(self) -> IO[str]:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("the process was not started")
        return self._process.stdin

    def _next_answer(self, stop: threading.Event, deadline: float) -> tuple[str, Any]:
        while True:
            with suppress(queue.Empty):
                answer: tuple[str, Any] | None = self._answers.get(timeout=LOOK_FOR_STOP_SECONDS)
                if answer is None:
                    raise BuildFailed(self._how_it_ended())
                return answer
            if stop.is_set():
                self.end()
                raise Stopped("asked to stop while it was building")
            if time.monotonic() > deadline:
                raise BuildFailed(self._end_hanging())

    def _how_it_ended(self) -> str:
        code = self._process.wait() if self._process else None
        self._process = None
        return f"The process that builds ended with exit code {code}, while it was at: {self._what_it_is_at()}."

    def _end_hanging(self) -> str:
        self.end()
        return (
            f"The build did not end within {self._timeout_seconds:g} s (BUILD_TIMEOUT_SECONDS) and was ended. "
            f"It was at: {self._what_it_is_at()}."
        )

    def _what_it_is_at(self) -> str:
        return ", ".join(self.doing) or "its start"


def _read(lines: IO[str], answers: "queue.SimpleQueue[Any]") -> None:
    """None at the end."""
    with lines:
        for line in lines:
            answers.put(json.loads(line))
    answers.put(None)

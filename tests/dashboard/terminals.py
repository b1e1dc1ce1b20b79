"""A command in a terminal of its own, as a person has it."""

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from coinloom.processes import environment, executable
from coinloom.settings import REPOSITORY, Settings


class Terminal:
    """`process` is the command; `seen` is all that it has written, the sequences that steer the terminal included."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self.seen = ""
        self._terminal = terminal

    def wait_for(self, text: str, seconds: float) -> float:
        """Until that is written anew; returns the seconds it took."""
        begun, start = time.monotonic(), len(self.seen)
        while text not in self.seen[start:]:
            assert time.monotonic() - begun < seconds, f"not within {seconds} s: {text}\n{self.seen[-4000:]}"
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.seen += os.read(self._terminal, 65_536).decode(errors="replace")
        return time.monotonic() - begun

    def press(self, key: str) -> None:
        os.write(self._terminal, key.encode())

    def end(self, seconds: float) -> int:
        """Its exit code, when it has ended by itself."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still there after {seconds} s"
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.seen += os.read(self._terminal, 65_536).decode(errors="replace")
        return self.process.returncode

    def takes_lines(self) -> bool:
        """Whether it is as shells leave it: what is typed is shown, and read line by line."""
        local = termios.tcgetattr(self._terminal)[3]
        return bool(local & termios.ICANON and local & termios.ECHO)


@contextmanager
def in_a_terminal(settings: Settings, *command: str, columns: int, lines: int) -> Iterator[Terminal]:
    """One of our own commands; it does not outlive the context."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (lines, columns))
    variables = environment(settings) | {"TERM": "xterm-256color"}
    process = subprocess.Popen(
        [executable(command[0]), *command[1:]], stdin=its, stdout=its, stderr=its, env=variables, cwd=REPOSITORY
    )
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(its)

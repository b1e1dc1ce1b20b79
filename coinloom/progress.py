"""What a person sees while long work runs: a spinner with the latest line, then one line with the time it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

LONGEST_LINE = 100


class Steps:
    """Shows steps one after the other and remembers how long each took, in seconds."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Run a step; the function it yields shows a line of detail beside the title."""
        started = time.monotonic()
        if not self.console.is_terminal:
            self.console.print(f"· {escape(title)} ...")
        with self.console.status(escape(title)) as status:
            try:
                yield lambda line: status.update(f"{escape(title)} [dim]{escape(line[:LONGEST_LINE])}[/dim]")
            except BaseException:
                self.console.print(f"[red]✗[/red] {escape(title)}")
                raise
        self.seconds[title] = time.monotonic() - started
        self.console.print(f"[green]✓[/green] {escape(title)} [dim]{self.seconds[title]:.1f} s[/dim]")

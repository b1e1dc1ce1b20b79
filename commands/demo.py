"""The demo: the whole path once, on a simulated market, in a stack of its own that leaves nothing running.

Asked to keep what it has made, it shows that on the dashboard first, for as long as somebody wants to look.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from coinloom.alone import alone
from coinloom.errors import CoinloomError
from coinloom.processes import Output, environment, executable, run
from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, ServerName, Settings, Target, read_settings
from commands import marts
from commands.build import build
from commands.counts import Counts, count_rows
from dashboard.server import listening
from ingestion.topic import topic_ends
from serving.publish import publish
from stack import java, lifecycle, services
from stack.isolation import isolated_settings
from stack.supervisor import Supervisor
from stores.database import as_reader
from stores.landing import landed_offsets

SIMULATED_POLL_INTERVAL_SECONDS = 60
POLLING_SECONDS = 15
LANDING_SECONDS = 300  # at most, after the last poll


class DemoFailed(CoinloomError):
    """A check of the demo's own result did not hold."""


class AnotherDemo(CoinloomError):
    """One at a time has the folder of the demo."""


def run_demo(target: Target, hours: float, console: Console, *, keep: bool = False) -> None:
    """Simulate, poll, stream, build, publish, read back and check; with `keep`, show the dashboard until a signal.

    Raises:
        AnotherDemo: whose servers and data we would remove.
        DemoFailed: what came out does not fit what went in.
        CannotListen: the dashboard has no port.
    """
    home = read_settings().coinloom_home / "demo"
    with alone(home.with_suffix(".lock"), AnotherDemo("Another demo runs; let it end.")):
        _run_in(home, target, hours, console, keep=keep)


def _run_in(home: Path, target: Target, hours: float, console: Console, *, keep: bool) -> None:
    settings = isolated_settings(home, dbt_target=target, landing_sinks=[])
    steps = Steps(console)
    console.print(f"Coinloom demo: {hours:g} hours of a simulated market, target [bold]{target}[/bold].")
    lifecycle.stop(settings)  # what a demo that was killed left behind
    shutil.rmtree(settings.coinloom_home, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("coinloom: the demo was asked to stop"))
    os.environ.setdefault("JDK_JAVA_OPTIONS", java.SHORT_LIVED)
    try:
        speed = hours * 3600 / POLLING_SECONDS
        lifecycle.start(settings, [services.simulator(settings, hours, speed), services.stream()], steps)
        _poll(settings, steps, speed)
        _wait_for_stream(settings, steps)
        _build(settings, steps)
        _publish(settings, steps)
        counts = _read_back(settings, steps, console)
        _show_counts(counts, console)
        if keep:
            _keep(settings, steps, console)
    finally:
        with steps.step("Stop everything"):
            lifecycle.stop(settings)
    _show_times(steps, console)
    console.print(
        f"Files and logs: {settings.coinloom_home}\n"
        "Next: 'make up' keeps the pipeline running on live prices ('coinloom up --simulate' on simulated ones), "
        "'coinloom status' shows it, README.md explains each folder.",
        soft_wrap=True,
    )


def _poll(settings: Settings, steps: Steps, speed: float) -> None:
    interval = SIMULATED_POLL_INTERVAL_SECONDS / speed
    polls = round(POLLING_SECONDS / interval)
    with steps.step(f"Poll the simulator {polls} times") as detail:
        arguments = ["--interval-seconds", str(interval), "--max-polls", str(polls)]
        command = [executable("coinloom"), "poll", *arguments]
        run(command, environment(settings), REPOSITORY, _output(settings, "poll", detail))


def _wait_for_stream(settings: Settings, steps: Steps) -> None:
    """It runs since before the first poll; what is on the topic now has to be landed."""
    supervisor, stream = Supervisor(settings), services.stream().name
    with steps.step("Stream the topic into landing") as detail:
        ends, deadline = topic_ends(settings), time.monotonic() + LANDING_SECONDS
        (sink,) = settings.sinks
        while (left := sum(ends.values()) - sum(landed_offsets(settings, sink).values())) > 0:
            if time.monotonic() > deadline:
                raise DemoFailed(f"{left} messages were not landed; see {supervisor.logs / stream}.log")
            detail(f"{left} messages left")
            time.sleep(0.2)
        supervisor.stop_process(stream)


def _build(settings: Settings, steps: Steps) -> None:
    with steps.step(f"dbt build --target {settings.dbt_target}") as detail:
        build(settings, _output(settings, "dbt", detail))


def _publish(settings: Settings, steps: Steps) -> None:
    with steps.step("Publish the marts to PostgreSQL"):
        publish(settings)


def _read_back(settings: Settings, steps: Steps, console: Console) -> Counts:
    reader = as_reader(settings)
    with steps.step("Count what went in and what came out"):
        counts = count_rows(settings)
    if counts.messages != counts.landed + counts.quarantined:
        raise DemoFailed(f"{counts.messages} messages, but {counts.landed} landed and {counts.quarantined} rejected.")
    if not counts.messages or counts.bars != counts.published:
        raise DemoFailed(f"{counts.bars} minute bars were built, {counts.published} are in PostgreSQL.")
    top_5_rows = [marts.show_top_5(reader, console, mart) for mart in ("top_5_gainers", "top_5_losers")]
    if not all(top_5_rows):
        raise DemoFailed("A top-5 table is empty.")
    marts.show_sample(reader, console)
    return counts


def _keep(settings: Settings, steps: Steps, console: Console) -> None:
    """Serve the dashboard, which needs PostgreSQL only, until SIGINT or SIGTERM: the server takes both for its end."""
    supervisor = Supervisor(settings)
    with steps.step("Stop all servers but PostgreSQL"):
        for process in supervisor.states():
            if process.name != ServerName.POSTGRES:
                supervisor.stop_process(process.name)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has it ignored in what it starts with `&`
    with listening(settings) as server:
        console.print(
            f"Look at it on {services.dashboard_url(settings)} until Ctrl-C. Nothing new comes in any more, so "
            "its prices grow old.",
            soft_wrap=True,
        )
        server.run()


def _show_counts(counts: Counts, console: Console) -> None:
    table = Table("what", "count", title="In and out", title_justify="left")
    for what, number in counts.described():
        table.add_row(what, f"{number:,}")
    console.print(table)


def _show_times(steps: Steps, console: Console) -> None:
    table = Table("step", "seconds", title="Time", title_justify="left")
    for step, seconds in steps.seconds.items():
        table.add_row(step, f"{seconds:.1f}")
    table.add_row("all", f"{sum(steps.seconds.values()):.1f}")
    console.print(table)


def _output(settings: Settings, name: str, detail: Callable[[str], None]) -> Output:
    return Output(settings.coinloom_home / "logs" / f"{name}.log", detail)

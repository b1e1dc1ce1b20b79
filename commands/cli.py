"""The `coinloom` command: each step of the pipeline as a subcommand, and all of them together.

A command imports what it needs when it runs: all of it together takes seconds, which `--help` should not.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from coinloom.errors import CoinloomError
from coinloom.logs import configure_logging
from coinloom.progress import Steps
from coinloom.settings import ServerName, Stage, Target, read_settings
from quarantine.reasons import Reason
from stack.environment_file import ensure_env_file

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Coinloom, a real-time crypto market warehouse. Settings come from the environment or .env; see .env.example.",
)
quarantine_app = typer.Typer()
app.add_typer(quarantine_app, name="quarantine", invoke_without_command=True)
# Tables keep their shape when the output goes to a file.
console = Console() if sys.stdout.isatty() else Console(width=160)

# For a command whose options, --help among them, belong to another program.
PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

TargetOption = Annotated[
    Target | None,
    typer.Option(
        "--target",
        "-t",
        help="Where dbt builds, and prices land unless LANDING_SINKS is set: spark or postgres. Default: DBT_TARGET.",
    ),
]

SinceHour = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H"], metavar="HOUR", help="Only what landed from this hour on, as 2026-11-22T10."),
]


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what can be expected to go wrong into a message and an exit code; anything else keeps its traceback."""
    try:
        yield
    except CoinloomError as error:
        # The terminal wraps: a path that is broken by us cannot be copied.
        Console(stderr=True).print(f"[red]coinloom:[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(error.exit_code) from None


def run_module(name: str, arguments: list[str]) -> None:
    """Become `python -m name arguments`, so that signals reach it; -P because the current folder is not ours."""
    command = [sys.executable, "-P", "-m", name, *arguments]
    os.execv(command[0], command)  # noqa: S606 our own argument list, no shell


@app.command()
def setup(
    *,
    env_file: Annotated[bool, typer.Option(help="Write .env with new passwords if there is none.")] = True,
    s3: Annotated[bool, typer.Option("--s3", help="Fetch the jars for S3, wherever the lake is.")] = False,
) -> None:
    """Fetch the jars, and write .env with new passwords."""
    from stack.jars import fetch_broker_jars, fetch_s3_jars, fetch_spark_packages, fetch_thrift_server_jars
    from stack.java import java_executable
    from stack.spark_classes import compile_spark_classes

    with clear_errors():
        settings, steps = read_settings(), Steps(console)
        with steps.step("Check Java"):
            java_executable()
        with steps.step("Fetch the broker's jars"):
            fetch_broker_jars(settings.jars)
        with steps.step("Fetch Spark's packages"):
            fetch_thrift_server_jars(settings.jars)
            fetch_spark_packages()
        with steps.step("Compile our classes for Spark"):
            compile_spark_classes(settings.jars)
        if s3 or settings.lake.startswith("s3a:"):
            with steps.step("Fetch the jars for S3"):
                fetch_s3_jars(settings.jars)
        if env_file and ensure_env_file():
            console.print("Wrote .env with new passwords.")


@app.command()
def up(
    *,
    simulate: Annotated[bool, typer.Option("--simulate", help="Poll the built-in simulator, not CoinGecko.")] = False,
    hours: Annotated[
        float,
        typer.Option(
            min=0, help="With --simulate: how many hours ago its market starts. It stays so late if --speed is 1."
        ),
    ] = 0,
    speed: Annotated[
        float,
        typer.Option(min=1, help="With --simulate: how much faster its time runs until it is now; poll faster, too."),
    ] = 1,
    no_build: Annotated[
        bool, typer.Option("--no-build", help="Start no build loop and no maintain: Airflow does both.")
    ] = False,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="Start no dashboard.")] = False,
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Start the servers, and nothing else.")] = False,
    target: TargetOption = None,
) -> None:
    """Start the pipeline in the background: servers, poller, stream, build and publish, monitor, dashboard."""
    from commands.status import show_status
    from stack import lifecycle, services

    if not simulate and (hours, speed) != (0, 1):
        raise typer.BadParameter("only with --simulate", param_hint="--hours and --speed")
    with clear_errors():
        ensure_env_file()
        settings = read_settings(dbt_target=target)
        others = [] if servers_only else services.pipeline(settings, with_build=not no_build)
        if not servers_only:
            others.append(services.monitor(settings))
        has_dashboard = not (servers_only or no_dashboard)
        if has_dashboard:
            others.append(services.dashboard(settings))
        if simulate:
            others.insert(0, services.simulator(settings, hours, speed))
            settings = settings.model_copy(update={"coingecko_base_url": services.simulator_url(settings)})
        lifecycle.start(settings, others, Steps(console))
        show_status(settings, console)
        if has_dashboard:
            console.print(f"Look at it on {services.dashboard_url(settings)}")


@app.command()
def down() -> None:
    """Stop everything that `up` started; the data stay."""
    from stack import lifecycle

    with clear_errors(), Steps(console).step("Stop"):
        lifecycle.stop(read_settings())


@app.command()
def status(*, target: TargetOption = None) -> None:
    """Show the processes, what is in the marts, and how old it is."""
    from commands.status import show_status

    with clear_errors():
        show_status(read_settings(dbt_target=target), console)


@app.command()
def check(
    *,
    stage: Annotated[
        list[Stage] | None,
        typer.Option(metavar="STAGE", help=f"Only this one: {', '.join(Stage)}; may be given several times."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict of each stage as JSON.")] = False,
    target: TargetOption = None,
) -> None:
    """Say in one line whether each stage is healthy. Exit code 0: all are; 1: one is stale; 2: one is broken.

    It waits for 10 seconds at most, whatever is away. Stale is what is older than WARNING_AFTER_SECONDS, broken what is
    older than CRITICAL_AFTER_SECONDS, or not there; coinloom/settings.py has the limits of single stages, lag and disk.
    """
    from commands.check import broken_if_not_known, show_check

    with broken_if_not_known():
        state = show_check(read_settings(dbt_target=target), stage or [], as_json=as_json)
    raise typer.Exit(state)


@app.command(context_settings=PASSED_ON)
def poll(context: typer.Context) -> None:
    """Poll CoinGecko and send the prices to Kafka; takes the options of `python -m ingestion`."""
    run_module("ingestion", context.args)


@app.command()
def stream(
    *,
    available_now: Annotated[
        bool, typer.Option("--available-now", "--once", help="Land what the topic holds now, then end.")
    ] = False,
    skip_lost: Annotated[
        bool,
        typer.Option("--skip-lost", help="Go on although the topic no longer has all that was never landed; names it."),
    ] = False,
    target: TargetOption = None,
) -> None:
    """Land the topic in the lake or in PostgreSQL (LANDING_SINKS), through spark-submit."""
    from coinloom.processes import environment
    from commands.stream import stream_command
    from stack.java import java_executable

    with clear_errors():
        settings = read_settings(dbt_target=target)
        java_executable()
        command = stream_command(settings, available_now=available_now, skip_lost=skip_lost)
    os.execvpe(command[0], command, environment(settings))  # noqa: S606 our own argument list, no shell


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV or CSV.gz with the columns coin_id, last_updated_at, price.")],
    *,
    processes: Annotated[int | None, typer.Option(min=1, help="How many send at once. Default: one per core.")] = None,
) -> None:
    """Put a file of historical prices onto the topic, at full speed."""
    from commands.load import load_file

    configure_logging(logging.WARNING)
    with clear_errors():
        load_file(file, read_settings(), console, processes)


@app.command()
def backfill(
    *,
    since: Annotated[str, typer.Option("--from", help="A date, or a time such as 2026-01-31T12:00; UTC.")],
    until: Annotated[
        str | None, typer.Option("--to", help="The same; a date is a whole day. Default: until now.")
    ] = None,
    ids: Annotated[str | None, typer.Option(help="CoinGecko ids, comma separated. [COINGECKO_IDS]")] = None,
    vs_currencies: Annotated[str | None, typer.Option(help="For example usd,eur. [COINGECKO_VS_CURRENCIES]")] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask also for what is on the topic already.")] = False,
) -> None:
    """Put the history that CoinGecko has onto the topic; begun again, it goes on where it ended.

    One call brings up to 89 days of a coin in a currency, with a price every hour; the last day is a call of its own,
    with a price every 5 minutes. Exit code 0: all of it is on the topic.
    """
    from coinloom.clock import utc_now
    from coinloom.stopping import stop_on_signals
    from commands.backfill import backfill_period, read_period

    configure_logging(logging.WARNING)
    with clear_errors(), stop_on_signals() as stop:
        period = read_period(since, until, utc_now())
        settings = read_settings(coingecko_ids=ids, coingecko_vs_currencies=vs_currencies)
        summary = backfill_period(settings, period, console, stop=stop, again=again)
    if not summary.is_complete:
        raise typer.Exit(1)


@quarantine_app.callback()
def quarantine(context: typer.Context, *, since_hour: SinceHour = None, target: TargetOption = None) -> None:
    """Show what the stream rejected, by reason; `replay` sends it again."""
    from commands.quarantine import show_quarantine

    if context.invoked_subcommand is None:
        with clear_errors():
            show_quarantine(read_settings(dbt_target=target), _hour(since_hour), console)
    elif since_hour or target:
        raise typer.BadParameter("write it after 'replay'", param_hint="--since-hour" if since_hour else "--target")


@quarantine_app.command()
def replay(
    *,
    reason: Annotated[
        list[Reason] | None, typer.Option(metavar="REASON", help="Only this one; may be given several times.")
    ] = None,
    since_hour: SinceHour = None,
    target: TargetOption = None,
) -> None:
    """Send what was rejected to the topic again, after a fix: each message once, however often you say it."""
    from commands.quarantine import replay_quarantine

    configure_logging(logging.WARNING)
    with clear_errors():
        replay_quarantine(read_settings(dbt_target=target), reason or [], _hour(since_hour), console)


@app.command("build")
def build_command(
    *,
    with_publish: Annotated[bool, typer.Option("--publish", help="Publish after each build whose tests pass.")] = False,
    every: Annotated[
        float | None,
        typer.Option(help="Build whenever something has landed, at most every so many seconds, until stopped."),
    ] = None,
    target: TargetOption = None,
) -> None:
    """Run `dbt build`: every model and its data tests."""
    from coinloom.stopping import stop_on_signals
    from commands.build import build, build_and_publish, build_when_something_lands

    configure_logging()
    with clear_errors():
        settings = read_settings(dbt_target=target)
        if every is not None:
            with stop_on_signals() as stop:
                build_when_something_lands(settings, every, with_publish=with_publish, stop=stop)
        elif with_publish:
            build_and_publish(settings)
        else:
            build(settings)


@app.command()
def publish(*, target: TargetOption = None) -> None:
    """Carry what the last build changed to the marts in PostgreSQL, where BI tools read them."""
    from serving.publish import publish as publish_marts

    configure_logging()
    with clear_errors():
        publish_marts(read_settings(dbt_target=target))


@app.command("maintain")
def maintain_command(
    *,
    every: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="Again and again, so often, until stopped.")
    ] = None,
    before: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H"], metavar="HOUR", help="Only what landed before it. Default: the current."),
    ] = None,
    target: TargetOption = None,
) -> None:
    """Put the many small files of the lake's past hours together, and remove what the settings say is too old.

    Safe at any time and as often as you like: readers see each price once, builds wait for a moment, a kill does no
    harm. KAFKA_RETENTION_DAYS, QUARANTINE_RETENTION_DAYS, POLLS_RETENTION_DAYS and BUILDS_RETENTION_DAYS say what is
    kept for how long. LANDING_RETENTION_DAYS removes landed prices: from then on no backfill changes the bars that were
    made of them, and only int_prices has what they can be made of again.
    """
    from coinloom.stopping import stop_on_signals
    from maintenance.run import maintain, maintain_every

    configure_logging()
    with clear_errors(), stop_on_signals() as stop:
        settings = read_settings(dbt_target=target)
        if every is not None:
            maintain_every(settings, every, _hour(before), stop)
        else:
            maintain(settings, _hour(before), stop)


@app.command()
def dashboard(
    *,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Where it listens. [DASHBOARD_PORT, 8050]")
    ] = None,
    target: TargetOption = None,
) -> None:
    """Show the market, each coin and the pipeline's health in a browser, on http://127.0.0.1:8050.

    It reads the marts as bi_reader, as often as something is published, and cannot write. DASHBOARD_HOST and
    DASHBOARD_ALLOWED_HOSTS let other machines in: put a server with passwords and TLS before it then, it has neither.
    """
    from dashboard.server import serve

    configure_logging()
    with clear_errors():
        serve(read_settings(dashboard_port=port, dbt_target=target))


@app.command("monitor")
def monitor_command(
    *,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Where it listens. [MONITOR_PORT, 18050]")] = None,
    target: TargetOption = None,
) -> None:
    """Serve metrics for Prometheus on http://127.0.0.1:18050, and tell a webhook when the state of a stage changes.

    ALERT_WEBHOOK_URL is who is told, ALERT_AFTER_SECONDS how long a state lasts before. It looks every
    MONITOR_INTERVAL_SECONDS, whoever asks and however often.
    """
    from coinloom.stopping import stop_on_signals
    from monitoring.server import monitor

    configure_logging()
    with clear_errors(), stop_on_signals() as stop:
        monitor(read_settings(monitor_port=port, dbt_target=target), stop)


@app.command()
def top(
    *,
    vs_currency: Annotated[str, typer.Option(help="Which quote currency. Default: usd, if there is one.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Print it once, then end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it once, as JSON, with all coins.")] = False,
    target: TargetOption = None,
) -> None:
    """Show top gainers and losers, the largest coins and the pipeline's health in the terminal, live; q ends it.

    It reads the marts as bi_reader, as often as something is published, and health as `coinloom check` does.
    """
    from coinloom.stopping import stop_on_signals
    from commands.top.live import follow
    from commands.top.once import show_once

    with clear_errors():
        settings = read_settings(dbt_target=target)
        if once or as_json or not console.is_terminal:
            show_once(settings, console, vs_currency, as_json=as_json)
        else:
            with stop_on_signals() as stop:
                follow(settings, console, vs_currency, stop)


@app.command()
def server(name: Annotated[ServerName, typer.Argument(help="Which one.")]) -> None:
    """Run one server of the embedded stack in the foreground, as in a container of its own."""
    from coinloom.processes import environment
    from stack import services

    with clear_errors():
        settings = read_settings()
        command = services.server(settings, name).command
    os.execvpe(command[0], command, environment(settings))  # noqa: S606 our own argument list, no shell


@app.command(context_settings=PASSED_ON)
def simulate(context: typer.Context) -> None:
    """Serve the CoinGecko simulator; takes the options of `python -m simulator`."""
    run_module("simulator", context.args)


@app.command()
def demo(
    *,
    hours: Annotated[float, typer.Option(min=0.5, max=48, help="Hours of simulated market, ending now.")] = 3,
    keep: Annotated[bool, typer.Option("--keep", help="Show it on a dashboard until Ctrl-C, then stop.")] = False,
    target: TargetOption = None,
) -> None:
    """Run the whole path once, on a simulated market, in a stack of its own that is stopped at the end."""
    from commands.demo import run_demo

    with clear_errors():
        run_demo(read_settings(dbt_target=target).dbt_target, hours, console, keep=keep)


def _hour(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H}" if moment else ""

"""The `coinloom` command: each step of the pipeline as a subcommand, and all of them together."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from psycopg import Error as PostgresError
from pyhive.exc import Error as ThriftError
from rich.console import Console
from rich.markup import escape

from coinloom.build import build, build_and_publish, build_every
from coinloom.demo import run_demo
from coinloom.errors import CoinloomError
from coinloom.load import load_file
from coinloom.logs import configure_logging
from coinloom.progress import Steps
from coinloom.settings import Target, read_settings
from coinloom.status import show_status
from coinloom.stream import stream_command, stream_environment
from ingestion.__main__ import poll
from ingestion.stopping import stop_on_signals
from serving.publish import publish as publish_marts
from stack import lifecycle, services
from stack.environment_file import ensure_env_file
from stack.jars import fetch_broker_jars, fetch_spark_packages
from stack.java import java_executable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Coinloom, a real-time crypto market warehouse. Settings come from the environment or .env; see .env.example.",
)
# Tables keep their shape when the output goes to a file.
console = Console() if sys.stdout.isatty() else Console(width=160)

EXPECTED = (CoinloomError, ThriftError, PostgresError)

TargetOption = Annotated[
    Target | None, typer.Option("--target", "-t", help="Where dbt builds: spark or postgres. Default: DBT_TARGET.")
]


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what can be expected to go wrong into a message and an exit code; anything else keeps its traceback."""
    try:
        yield
    except EXPECTED as error:
        Console(stderr=True).print(f"[red]coinloom:[/red] {escape(str(error))}")
        raise typer.Exit(getattr(error, "exit_code", 1)) from None


@app.command()
def setup(
    *, env_file: Annotated[bool, typer.Option(help="Write .env with new passwords if there is none.")] = True
) -> None:
    """Fetch the jars and write .env with new passwords."""
    with clear_errors():
        settings, steps = read_settings(), Steps(console)
        with steps.step("Check Java"):
            java_executable()
        with steps.step("Fetch the broker's jars"):
            fetch_broker_jars(settings.jars)
        with steps.step("Fetch Spark's packages"):
            fetch_spark_packages()
        if env_file and ensure_env_file():
            console.print("Wrote .env with new passwords.")


@app.command()
def up(
    *,
    simulate: Annotated[bool, typer.Option("--simulate", help="Poll the built-in simulator, not CoinGecko.")] = False,
    hours: Annotated[float, typer.Option(help="With --simulate: hours of market before now, played fast.")] = 0,
    speed: Annotated[float, typer.Option(help="With --simulate: how fast, until now is reached.")] = 1,
    no_build: Annotated[bool, typer.Option("--no-build", help="Start no build loop: Airflow builds.")] = False,
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Start no poller, stream and build.")] = False,
    target: TargetOption = None,
) -> None:
    """Start the pipeline in the background: servers, poller, stream, build and publish."""
    with clear_errors():
        ensure_env_file()
        settings = read_settings(dbt_target=target)
        others = [] if servers_only else services.pipeline(settings, with_build=not no_build)
        if simulate:
            others.insert(0, services.simulator(settings, hours, speed))
            settings = settings.model_copy(update={"coingecko_base_url": services.simulator_url(settings)})
        lifecycle.start(settings, others, Steps(console))
        show_status(settings, console)


@app.command()
def down() -> None:
    """Stop everything that `up` started; the data stay."""
    with clear_errors(), Steps(console).step("Stop"):
        lifecycle.stop(read_settings())


@app.command()
def status(*, target: TargetOption = None) -> None:
    """Show the processes, what is in the marts, and how old it is."""
    with clear_errors():
        show_status(read_settings(dbt_target=target), console)


app.command()(poll)


@app.command()
def stream(
    *,
    available_now: Annotated[
        bool, typer.Option("--available-now", "--once", help="Land what the topic holds now, then end.")
    ] = False,
) -> None:
    """Land the topic in the lake or in PostgreSQL (LANDING_SINKS), through spark-submit."""
    with clear_errors():
        settings = read_settings()
        java_executable()
        command = stream_command(settings, available_now=available_now)
    os.execvpe(command[0], command, stream_environment(settings))  # noqa: S606 our own argument list, no shell


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV or CSV.gz with the columns coin_id, last_updated_at, price.")],
) -> None:
    """Put a file of historical prices onto the topic, at full speed."""
    configure_logging(logging.WARNING)
    with clear_errors():
        load_file(file, read_settings(), console)


@app.command("build")
def build_command(
    *,
    with_publish: Annotated[bool, typer.Option("--publish", help="Publish after each build.")] = False,
    every: Annotated[float | None, typer.Option(help="Build again every so many seconds, until stopped.")] = None,
    target: TargetOption = None,
) -> None:
    """Run `dbt build`: every model and its data tests."""
    configure_logging()
    with clear_errors():
        settings = read_settings(dbt_target=target)
        if every is not None:
            with stop_on_signals() as stop:
                build_every(settings, every, with_publish=with_publish, stop=stop)
        elif with_publish:
            build_and_publish(settings)
        else:
            build(settings)


@app.command()
def publish(*, target: TargetOption = None) -> None:
    """Copy the marts from the lake to PostgreSQL."""
    configure_logging()
    with clear_errors():
        settings = read_settings(dbt_target=target)
        if settings.dbt_target is Target.POSTGRES:
            console.print("Nothing to publish: on the target postgres, dbt builds the marts in place.")
            return
        publish_marts(settings)


@app.command()
def server(name: Annotated[services.ServerName, typer.Argument(help="Which one.")]) -> None:
    """Run one server of the embedded stack in the foreground, as in a container of its own."""
    with clear_errors():
        settings = read_settings()
        command = services.server(settings, name).command
    os.execvpe(command[0], command, dict(os.environ) | settings.as_environment())  # noqa: S606 no shell


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
def simulate(context: typer.Context) -> None:
    """Serve the CoinGecko simulator; takes the options of `python -m simulator`."""
    command = [*services.SIMULATOR, *context.args]
    os.execv(command[0], command)  # noqa: S606 our own argument list, no shell


@app.command()
def demo(
    *,
    hours: Annotated[float, typer.Option(min=0.5, max=48, help="Hours of simulated market, ending now.")] = 3,
    target: TargetOption = None,
) -> None:
    """Run the whole path once, on a simulated market, in a stack of its own that is stopped at the end."""
    with clear_errors():
        run_demo(read_settings(dbt_target=target).dbt_target, hours, console)

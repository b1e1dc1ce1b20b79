"""What runs, what is in the marts, and how old it is."""

from datetime import UTC, datetime

from psycopg import errors
from rich.console import Console
from rich.table import Table

from coinloom.settings import Settings
from ingestion.budget import Budget, Limits
from ingestion.exceptions import CallsNotKept
from serving.database import DatabaseUnavailable, connect
from stack.supervisor import Supervisor

FRESHNESS = """
    select vs_currency, count(*), count(distinct coin_id), max(bar_minute)
    from marts.crypto_table
    group by vs_currency
    order by vs_currency
"""


def show_status(settings: Settings, console: Console) -> None:
    """Print the supervised processes and, when PostgreSQL answers, the state of the marts."""
    supervisor = Supervisor(settings)
    states = supervisor.states()
    if not states:
        console.print("Nothing is running. 'coinloom up' starts the pipeline, 'coinloom demo' shows it.")
        return
    processes = Table("process", "state", "detail")
    for process in states:
        colour = {"RUNNING": "green", "STOPPED": "yellow", "STARTING": "yellow"}.get(process.state, "red")
        processes.add_row(process.name, f"[{colour}]{process.state}[/{colour}]", process.description)
    console.print(processes)
    console.print(f"Logs: {supervisor.logs}", soft_wrap=True)
    _show_credits(settings, console)
    _show_marts(settings, console)


def _show_credits(settings: Settings, console: Console) -> None:
    limits = Limits.of(settings)
    try:
        left = Budget(settings.calls_file, settings.coingecko_plan, limits).credits_left()
    except CallsNotKept as error:
        console.print(f"[yellow]{error}[/yellow]")
        return
    if left is not None:
        console.print(f"CoinGecko: {left:,} of {limits.credits_per_month:,} credits are left this month.")


def _show_marts(settings: Settings, console: Console) -> None:
    try:
        with connect(settings, connect_timeout_seconds=2) as connection:
            rows = connection.execute(FRESHNESS).fetchall()
    except DatabaseUnavailable as error:
        console.print(f"[yellow]{error}[/yellow]")
        return
    except errors.UndefinedTable:
        rows = []
    if not rows:
        console.print("The marts are still empty: the first build has not ended yet.")
        return
    marts = Table("marts.crypto_table", "rows", "coins", "newest minute (UTC)", "age")
    for currency, bars, coins, newest in rows:
        age = datetime.now(UTC).replace(tzinfo=None) - newest
        marts.add_row(currency, f"{bars:,}", str(coins), str(newest), f"{age.total_seconds():.0f} s")
    console.print(marts)

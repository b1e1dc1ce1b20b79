"""`python -m simulator`: serves a simulated CoinGecko API."""

import logging
import time
from pathlib import Path
from typing import Annotated

import typer
from starlette.types import ASGIApp

from coinloom.errors import WrongSetting
from coinloom.settings import read_settings
from simulator.app import create_app
from simulator.clock import MarketClock
from simulator.faults import FaultPlan, UnknownFaultError
from simulator.faulty import FaultyApp
from simulator.market import Market
from simulator.recording import RecordError, RecordingApp
from simulator.server import ListenError, serve


def main(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0: any free port. [SIMULATOR_PORT, 8900]")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, another market. [SIMULATOR_SEED, 7]")] = None,
    coins: Annotated[int | None, typer.Option(min=1, help="How many coins. [SIMULATOR_COINS, 250]")] = None,
    hours: Annotated[float, typer.Option(min=0, help="How many hours ago market time starts.")] = 0.0,
    speed: Annotated[float, typer.Option(min=1, help="How much faster market time runs until it is now.")] = 1.0,
    faults: Annotated[
        str, typer.Option(help="What goes wrong how often, such as rate_limited=0.1,cut_off=0.02, or all=0.01.")
    ] = "",
    record: Annotated[Path | None, typer.Option(help="Append what was answered to this file, as JSON lines.")] = None,
    access_log: Annotated[bool, typer.Option(help="Log every request.")] = False,
) -> None:
    """Serve a simulated market as CoinGecko's API v3, for COINGECKO_BASE_URL.

    The same seed and number of coins give the same answers at the same market time, which is
    min(now, start + speed * elapsed). The same seed and requests meet the same faults.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = read_settings(simulator_port=port, simulator_seed=seed, simulator_coins=coins)
        market = Market(settings.simulator_seed, settings.simulator_coins)
        app: ASGIApp = create_app(market, MarketClock(time.time, hours, speed))
        plan = FaultPlan.read(faults, settings.simulator_seed)
        if plan.rates:
            app = FaultyApp(app, plan)
        if record:
            app = RecordingApp(app, record)
        serve(app, host, settings.simulator_port, access_log)
    except (ListenError, RecordError, UnknownFaultError, WrongSetting) as error:
        typer.echo(f"simulator: {error}", err=True)
        raise typer.Exit(error.exit_code if isinstance(error, WrongSetting) else 1) from error


if __name__ == "__main__":
    typer.run(main)

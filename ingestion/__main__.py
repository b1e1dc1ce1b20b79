"""`python -m ingestion`: polls CoinGecko and sends the prices to Kafka until it is stopped.

Settings come from the environment and `.env`; the options here override them. Exit codes: 0 stopped or done, 1 no
prices, or Kafka has not confirmed all of them, 2 a setting, the key or the plan is wrong, so starting again would not
help.
"""

from typing import Annotated

import typer

from coinloom.errors import CoinloomError
from coinloom.logs import configure_logging
from coinloom.settings import read_settings
from coinloom.stopping import stop_on_signals
from ingestion.polling.run import run_poller

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def poll(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="One poll, then stop; fails without prices, or without Kafka.")
    ] = False,
    max_polls: Annotated[int | None, typer.Option(min=1, help="Stop after this many polls.")] = None,
    interval_seconds: Annotated[
        float | None, typer.Option(help="From one poll to the next. [POLL_INTERVAL_SECONDS]")
    ] = None,
    ids: Annotated[str | None, typer.Option(help="CoinGecko ids, comma separated. [COINGECKO_IDS]")] = None,
    top: Annotated[int | None, typer.Option(help="Without ids: so many by market cap. [COINGECKO_TOP_N]")] = None,
    vs_currencies: Annotated[str | None, typer.Option(help="For example usd,eur. [COINGECKO_VS_CURRENCIES]")] = None,
) -> None:
    """Poll CoinGecko for prices and send them to Kafka, every 30 s by default, until SIGTERM or Ctrl-C.

    With --top, ids from the settings are not used. The key is read from COINGECKO_API_KEY only.
    """
    configure_logging()
    limit = 1 if once else max_polls
    ids = "" if ids is None and top is not None else ids
    try:
        settings = read_settings(
            poll_interval_seconds=interval_seconds,
            coingecko_ids=ids,
            coingecko_top_n=top,
            coingecko_vs_currencies=vs_currencies,
        )
        with stop_on_signals() as stop:
            summary = run_poller(settings, stop=stop, max_polls=limit)
    except CoinloomError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    if limit is not None and not stop.is_set() and (missing := summary.missing):
        typer.echo(missing, err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="python -m ingestion")

"""Files that the pages link to: what is shown as CSV or Parquet, and the lines of the market's table as SVG."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Flask, Response, abort, request

from coinloom.errors import CoinloomError
from dashboard.address import Address, Page
from dashboard.database import Row
from dashboard.figures.sparkline import sparkline
from dashboard.market import Market
from dashboard.tables import as_csv, as_parquet

KINDS: dict[str, tuple[Callable[[Sequence[Row]], bytes], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "parquet": (as_parquet, "application/vnd.apache.parquet"),
}
KEPT_BY_BROWSERS = "private, max-age=600"


def register(server: Flask, market: Market) -> None:
    """Answer these addresses."""

    def asked_currency() -> str:
        """The first one, if the address names none. One without prices is not there."""
        wanted = request.args.get("currency", "")
        currency: str = market.currency(wanted)["vs_currency"]
        if wanted not in {"", currency}:
            abort(_not_there(f"There are no prices in {wanted}."))
        return currency

    @server.get("/download/market.<any(csv, parquet):kind>")
    def download_market(kind: str) -> Response:
        currency = asked_currency()
        return _file(market.overview(currency), kind, f"market-{currency}")

    @server.get("/download/coin/<coin_id>.<any(csv, parquet):kind>")
    def download_coin(coin_id: str, kind: str) -> Response:
        address = Address.read(f"/coin?{urlencode(request.args)}")
        address = address.of(page=Page.COIN, coin=coin_id, currency=asked_currency())
        coin = market.coin(coin_id, address.currency)
        if coin is None:
            return _not_there(f"There is no {coin_id} in {address.currency}.")
        same = {name: coin[name] for name in ("coin_id", "symbol", "name", "vs_currency")}
        rows = [same | row for row in market.bars(coin, address)]
        return _file(rows, kind, f"{coin_id}-{address.currency}-{address.bars}-{address.span}")

    @server.get("/sparkline/<coin_id>.svg")
    def draw_sparkline(coin_id: str) -> Response:
        closes = market.sparklines(asked_currency()).get(coin_id, [])
        return Response(sparkline(closes), mimetype="image/svg+xml", headers={"Cache-Control": KEPT_BY_BROWSERS})

    @server.errorhandler(CoinloomError)
    def say_why(error: CoinloomError) -> Response:
        return Response(str(error), 503, mimetype="text/plain")


def _not_there(what: str) -> Response:
    return Response(what, HTTPStatus.NOT_FOUND, mimetype="text/plain")


def _file(rows: Sequence[Row], kind: str, name: str) -> Response:
    write, mimetype = KINDS[kind]
    plain_name = "".join(character if character.isalnum() and character.isascii() else "-" for character in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain_name}.{kind}"'}
    return Response(write(rows), mimetype=mimetype, headers=headers)

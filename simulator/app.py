"""The HTTP side: the paths, status codes and headers of CoinGecko's API v3, under the prefix `/api/v3`."""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from simulator.clock import MarketClock
from simulator.market import Market, UnknownCurrencyError
from simulator.query import MarketsQuery, MissingCurrencyError
from simulator.rounding import price_rounding
from simulator.rows import rows_of

PREFIX = "/api/v3"

_CACHE_CONTROL = "max-age=30, public, must-revalidate, s-maxage=60"


class ApiResponse(Response):
    """Compact JSON in UTF-8, with the headers that every answer of the API has."""

    media_type = "application/json; charset=utf-8"

    def __init__(self, content: Any, status_code: int = 200) -> None:
        super().__init__(content, status_code, headers={"cache-control": _CACHE_CONTROL})

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def create_app(market: Market, clock: MarketClock) -> Starlette:
    """The application. What goes wrong between client and market (limits, broken answers) is in faulty.py."""

    async def markets(request: Request) -> Response:
        return ApiResponse(answer_markets(market, clock.now_ms(), request))

    api = [Route("/ping", ping), Route("/coins/markets", markets)]
    return Starlette(
        routes=[Mount(PREFIX, routes=api)],
        exception_handlers={
            MissingCurrencyError: missing_currency,
            UnknownCurrencyError: unknown_currency,
            HTTPException: incorrect_path,
        },
    )


def answer_markets(market: Market, time_ms: int, request: Request) -> list[dict[str, Any]]:
    """The rows of `/coins/markets` at a market time. Raises MissingCurrencyError and UnknownCurrencyError."""
    query = MarketsQuery.from_parameters(request.query_params)
    snapshot = market.snapshot(time_ms, query.vs_currency)
    return rows_of(market, snapshot, query.choose(market, snapshot), price_rounding(query.precision))


async def ping(_: Request) -> Response:
    return ApiResponse({"gecko_says": "(V3) To the Moon!"})


async def missing_currency(_: Request, __: Exception) -> Response:
    return ApiResponse({"error": "Missing parameter vs_currency"}, 422)


async def unknown_currency(_: Request, __: Exception) -> Response:
    return ApiResponse({"error": "invalid vs_currency"}, 422)


async def incorrect_path(_: Request, __: Exception) -> Response:
    return ApiResponse({"error": "Incorrect path. Please check https://docs.coingecko.com/"}, 404)

"""The HTTP side: the paths, status codes and headers of CoinGecko's API v3, under the prefix `/api/v3`."""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from simulator.charts import BeyondReachError, InvalidParameterError, UnknownCoinError, answer_chart
from simulator.clock import MarketClock
from simulator.history import History
from simulator.market import Market, UnknownCurrencyError
from simulator.query import MarketsQuery, MissingParameterError
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
    history = History(market)

    async def markets(request: Request) -> Response:
        return ApiResponse(answer_markets(market, clock.now_ms(), request))

    async def chart(request: Request) -> Response:
        # In a thread, because months of a large market take seconds, in which /coins/markets has to answer.
        coin_id, parameters = request.path_params["id"], request.query_params
        return ApiResponse(await run_in_threadpool(answer_chart, market, history, clock.now_ms(), coin_id, parameters))

    api = [
        Route("/ping", ping),
        Route("/coins/markets", markets),
        Route("/coins/{id}/market_chart/range", chart),
    ]
    return Starlette(
        routes=[Mount(PREFIX, routes=api)],
        exception_handlers={
            MissingParameterError: missing_parameter,
            UnknownCurrencyError: unknown_currency,
            InvalidParameterError: invalid_parameter,
            UnknownCoinError: unknown_coin,
            BeyondReachError: beyond_reach,
            HTTPException: incorrect_path,
        },
    )


def answer_markets(market: Market, time_ms: int, request: Request) -> list[dict[str, Any]]:
    """The rows of `/coins/markets` at a market time. Raises MissingParameterError and UnknownCurrencyError."""
    query = MarketsQuery.from_parameters(request.query_params)
    snapshot = market.snapshot(time_ms, query.vs_currency)
    return rows_of(market, snapshot, query.choose(market, snapshot), price_rounding(query.precision))


async def ping(_: Request) -> Response:
    return ApiResponse({"gecko_says": "(V3) To the Moon!"})


async def missing_parameter(_: Request, error: Exception) -> Response:
    return ApiResponse({"error": f"Missing parameter {error}"}, 422)


async def unknown_currency(_: Request, __: Exception) -> Response:
    return ApiResponse({"error": "invalid vs_currency"}, 422)


async def invalid_parameter(_: Request, error: Exception) -> Response:
    return ApiResponse({"error": f"invalid {error}"}, 422)


async def unknown_coin(_: Request, __: Exception) -> Response:
    return ApiResponse({"error": "coin not found"}, 404)


async def beyond_reach(_: Request, __: Exception) -> Response:
    message = "Your request exceeds the allowed time range. Public API users are limited to the past 365 days."
    return ApiResponse({"error": {"status": {"error_code": 10012, "error_message": message}}}, 401)


async def incorrect_path(_: Request, __: Exception) -> Response:
    return ApiResponse({"error": "Incorrect path. Please check https://docs.coingecko.com/"}, 404)

"""`coinloom top`: what PostgreSQL has, in a terminal; it follows a publish, and whatever comes and goes."""

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coinloom.settings import Settings
from dashboard import numbers
from stores.database import connect
from tests.commands import run_command
from tests.dashboard.made_market import COINS, HOSTILE_NAME, NOW, make_market, publish_price
from tests.dashboard.own_postgres import OwnPostgres
from tests.dashboard.terminals import Terminal, in_a_terminal

SECONDS_TO_START = 60  # others may keep the machine busy
SECONDS_TO_SHOW_A_PUBLISH = 2
TRIES = 5
HOSTILE = "[red]x[/red]\x1b[2J\x1b]0;taken\x07"


@pytest.fixture(scope="module")
def topped(own_postgres: OwnPostgres) -> Settings:
    """A made market of its own, in which a coin has a name that would like to be markup, and to steer the terminal."""
    settings = own_postgres.migrated("topped")
    make_market(settings)
    with connect(settings) as connection:
        for mart in ("coin_overview", "top_5_gainers"):
            connection.execute(f"update marts.{mart} set name = %s where coin_id = 'tiny'", [HOSTILE])  # noqa: S608
    return settings


@pytest.fixture(scope="module")
def terminal(topped: Settings) -> Iterator[Terminal]:
    """In which it has begun."""
    with in_a_terminal(topped, "coinloom", "top", columns=120, lines=30) as terminal:
        terminal.wait_for("BTC", SECONDS_TO_START)
        yield terminal


@pytest.fixture(scope="module")
def printed(topped: Settings) -> str:
    """By one command, because it waits for a broker that is not there."""
    return top(topped, "--once")


def top(settings: Settings, *options: str, expect: int = 0) -> str:
    return run_command(settings, "coinloom", "top", *options, expect=expect)


def prices(settings: Settings, currency: str) -> dict[str, float]:
    with connect(settings) as connection:
        query = "select coin_id, price from marts.coin_overview where vs_currency = %s"
        return dict(connection.execute(query, [currency]).fetchall())


def test_it_prints_once_what_postgres_has(printed: str, topped: Settings) -> None:
    assert len(prices(topped, "usd")) == len(COINS)
    for price in prices(topped, "usd").values():
        assert f" {numbers.price(price)} " in printed
    assert f"{NOW:%Y-%m-%d %H:%M} UTC, " in printed
    assert "more not well: Nothing has been polled yet." in printed


def test_a_hostile_name_is_text(printed: str) -> None:
    assert HOSTILE_NAME[:10] in printed
    assert "[red]x[/red]·" in printed
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_json_has_all_of_it(topped: Settings) -> None:
    data: dict[str, Any] = json.loads(top(topped, "--json", "--vs-currency", "eur").splitlines()[-1])
    assert data["vs_currency"] == "eur"
    assert datetime.fromisoformat(data["as_of"]) == NOW.replace(tzinfo=UTC)
    assert {coin["coin_id"]: coin["price"] for coin in data["coins"]} == prices(topped, "eur")
    assert {"tiny": HOSTILE}.items() <= {coin["coin_id"]: coin["name"] for coin in data["coins"]}.items()
    assert [coin["rank"] for coin in data["gainers"]] == [1, 2, 3, 4, 5]
    states = {verdict["stage"]: verdict["state"] for verdict in data["health"]["stages"]}
    assert data["health"]["state"] == states["topic"] == states["polls"] == "broken"
    assert states["marts"] in {"healthy", "stale", "broken"}


def test_a_currency_that_is_not_there_is_said_with_those_that_are(topped: Settings) -> None:
    assert "no prices in xyz, there are some in: usd, eur" in top(topped, "--once", "--vs-currency", "xyz", expect=1)


def test_a_database_that_is_away_is_an_error_with_what_to_check(topped: Settings) -> None:
    away = topped.model_copy(update={"postgres_port": 1})
    for option in ("--once", "--json"):
        assert "POSTGRES_PORT" in top(away, option, expect=1)


def test_a_publish_is_seen_in_time(terminal: Terminal, topped: Settings) -> None:
    seconds = []
    for price in range(80_001, 80_001 + TRIES):
        publish_price(topped, "bitcoin", price)
        seconds.append(terminal.wait_for(f"{price:,}", seconds=30))
    assert min(seconds) < SECONDS_TO_SHOW_A_PUBLISH


def test_it_outlives_a_database_that_goes_and_comes_back(
    terminal: Terminal, topped: Settings, own_postgres: OwnPostgres
) -> None:
    publish_price(topped, "bitcoin", 81_000)
    terminal.wait_for("81,000", seconds=30)
    own_postgres.stop()
    try:
        terminal.wait_for("did not let 'bi_reader' into", seconds=30)
        terminal.wait_for("81,000", seconds=30)  # what was seen before stays
    finally:
        own_postgres.start()
    publish_price(topped, "bitcoin", 82_000)
    terminal.wait_for("82,000", seconds=60)


def test_nothing_from_outside_steers_the_terminal(terminal: Terminal) -> None:
    terminal.wait_for("[red]x[/red]·", seconds=30)
    assert "taken\x07" not in terminal.seen
    assert "\x1b[2J\x1b]0" not in terminal.seen


@pytest.mark.parametrize("way", ["q", "Ctrl-C"])
def test_it_ends_and_leaves_the_terminal_as_it_was(topped: Settings, way: str) -> None:
    with in_a_terminal(topped, "coinloom", "top", columns=80, lines=24) as terminal:
        terminal.wait_for("BTC", SECONDS_TO_START)
        terminal.press("q") if way == "q" else terminal.process.send_signal(signal.SIGINT)
        assert terminal.end(seconds=30) == 0
        assert terminal.takes_lines()
        assert "\x1b[?1049l" in terminal.seen  # the former screen is back
        assert "Traceback" not in terminal.seen

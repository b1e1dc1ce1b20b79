"""Input at its limits: a build succeeds on it, makes no infinite number, and ranks only what can be ranked."""

from datetime import datetime, timedelta

import polars as pl
import polars.selectors as cs
import pytest

from checks.compare import compare
from checks.landing import Offsets, land, landing_rows, rejected_rows
from spark_streaming.transforms import MAX_PRICE, MIN_PRICE
from tests.warehouse.reference import expected_table
from tests.warehouse.series import History, single, walk
from tests.warehouse.warehouse import KEYS, Snapshot, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

NOON = datetime(2026, 3, 10, 12)
A_YEAR = timedelta(days=365)
MARKET = {"up": single([*[1.0] * 30, 1.1]), "down": single([*[1.0] * 30, 0.9]), "still": single([1.0] * 31)}


class Landing:
    """Lands batches into an empty warehouse, which remembers their updates."""

    def __init__(self, warehouse: Warehouse) -> None:
        warehouse.reset()
        self.warehouse = warehouse
        self.offsets = Offsets()
        self.updates: list[pl.DataFrame] = []

    def land(self, vs_currency: str, coins: dict[str, History], first_minute: datetime = NOON) -> None:
        rows = pl.concat([_updates(coin, vs_currency, history, first_minute) for coin, history in coins.items()]).sort(
            "last_updated_at"
        )
        land(landing_rows(rows, self.offsets), self.warehouse.settings, NOON)
        self.updates.append(rows)

    def reject(self) -> None:
        land(rejected_rows(self.offsets, NOON), self.warehouse.settings, NOON, "quarantine")

    def finite(self) -> Snapshot:
        """What a build leaves: finite numbers."""
        tables = self.warehouse.rebuilt()
        for table, rows in tables.items():
            numbers = rows.select(cs.float())
            assert numbers.select(pl.all().is_finite().all()).row(0).count(False) == 0, table
            assert rows.height == 0 or self.updates, table
        return tables

    def built(self) -> Snapshot:
        """What a build leaves: finite numbers, and those of the reference."""
        tables = self.finite()
        if self.updates:
            expected = expected_table(pl.concat(self.updates))
            differences = compare(tables["warehouse.crypto_table"], expected, 1e-12).differences
            assert not differences, "\n".join(differences)
        return tables


@pytest.fixture
def landing(warehouse: Warehouse) -> Landing:
    return Landing(warehouse)


def test_empty_landing(landing: Landing) -> None:
    assert all(rows.height == 0 for rows in landing.built().values())
    landing.land("usd", MARKET)
    assert movers(landing.built(), "usd") == (["up"], ["down"])


def test_only_rejected_rows(landing: Landing) -> None:
    landing.reject()
    assert all(rows.height == 0 for rows in landing.built().values())
    landing.land("usd", MARKET)
    assert movers(landing.built(), "usd") == (["up"], ["down"])


def test_a_currency_that_nobody_knew(landing: Landing) -> None:
    landing.land("usd", MARKET)
    landing.built()
    landing.land("xyz-1 ☂", MARKET, NOON - timedelta(hours=50))
    tables = landing.built()
    assert movers(tables, "usd") == movers(tables, "xyz-1 ☂") == (["up"], ["down"])


def test_currencies_with_hardly_a_market(landing: Landing) -> None:
    """One coin; one bar; a bar in the first and one in the last minute; prices that are all the same."""
    landing.land("one", {"lonely": single([1.0] * 30 + [2.0])})
    landing.land("bar", {"shy": single([5.6e-11])})
    landing.land("two", {"here": walk(1, seed=1), "there": [(), *walk(1, seed=2)]})
    landing.land("eqs", {f"coin-{n}": single([0.1] * 60) for n in range(8)})
    tables = landing.built()
    assert {currency: movers(tables, currency) for currency in ("one", "bar", "two", "eqs")} == {
        "one": (["lonely"], []),
        "bar": ([], []),
        "two": ([], []),
        "eqs": ([], []),
    }
    assert {table: rows.filter(vs_currency="bar").height for table, rows in tables.items()} == {
        table: 0 if "top_5" in table else 1 for table in KEYS
    }


def test_prices_at_the_limits_of_what_lands(landing: Landing) -> None:
    """No sum overflows. Of how many digits are left between such prices nothing is said, so nothing is compared."""
    extremes = [MIN_PRICE, MAX_PRICE] * 30
    dust = [MIN_PRICE, 2 * MIN_PRICE, *[MIN_PRICE] * 1100]  # an old gain fades in the averages of the RSI
    landing.land("usd", {"both": single(extremes), "dust": single(dust), "giant": single([MAX_PRICE] * 1100)})
    assert landing.finite()["warehouse.crypto_table"].height >= 60 + 1102 + 1100


def test_a_clock_that_jumps_a_year_ahead_and_back(landing: Landing) -> None:
    landing.land("usd", MARKET)
    landing.land("eur", MARKET)
    landing.built()
    landing.land("eur", {"up": single([3.0])}, NOON + A_YEAR)
    tables = landing.built()
    assert movers(tables, "usd") == (["up"], ["down"])
    assert movers(tables, "eur") == ([], []), "at the newest minute there is one coin, and nothing to compare it with"
    landing.land("eur", {coin: single([1.2] * 20) for coin in MARKET}, NOON + timedelta(minutes=31))
    landing.land("usd", {coin: single([1.2] * 20) for coin in MARKET}, NOON + timedelta(minutes=31))
    bars = landing.built()["warehouse.crypto_table"]
    today = bars.filter(pl.col("bar_minute").dt.replace_time_zone(None) < NOON + A_YEAR)
    is_closed = today.group_by("vs_currency").agg(pl.col("is_closed").all())
    assert dict(is_closed.iter_rows()) == {"usd": False, "eur": True}


def movers(tables: Snapshot, vs_currency: str) -> tuple[list[str], list[str]]:
    """Gainers and losers, by rank."""
    gainers, losers = (
        tables[f"warehouse.top_5_{side}"].filter(vs_currency=vs_currency).sort("rank")["coin_id"].to_list()
        for side in ("gainers", "losers")
    )
    return gainers, losers


def _updates(coin_id: str, vs_currency: str, history: History, first_minute: datetime) -> pl.DataFrame:
    rows = [
        (coin_id, vs_currency, first_minute + timedelta(minutes=minute), price)
        for minute, prices in enumerate(history)
        for price in prices
    ]
    return pl.DataFrame(rows, schema=["coin_id", "vs_currency", "last_updated_at", "price"], orient="row")

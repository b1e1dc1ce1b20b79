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

    def land(
        self, vs_currency: str, coins: dict[str, History], first_minute: datetime = NOON, *, is_compared: bool = True
    ) -> None:
        rows = pl.concat([_updates(coin, vs_currency, history, first_minute) for coin, history in coins.items()]).sort(
            "last_updated_at"
        )
        land(landing_rows(rows, self.offsets), self.warehouse.settings, NOON)
        if is_compared:
            self.updates.append(rows)

    def reject(self) -> None:
        land(rejected_rows(self.offsets, NOON), self.warehouse.settings, NOON, "quarantine")

    def built(self) -> Snapshot:
        """What a build leaves: finite numbers, and those of the reference where they are compared."""
        tables = self.warehouse.rebuilt()
        for table, rows in tables.items():
            numbers = rows.select(cs.float())
            assert numbers.select(pl.all().is_finite().all()).row(0).count(False) == 0, table
            assert rows.height == 0 or self.updates, table
        if self.updates:
            expected = expected_table(pl.concat(self.updates))
            bars = tables["warehouse.crypto_table"]
            compared = bars.filter(pl.col("vs_currency").is_in(expected["vs_currency"].unique().to_list()))
            differences = compare(compared, expected, 1e-12).differences
            assert not differences, "\n".join(differences)
        return tables


@pytest.fixture(scope="module")
def landing(warehouse: Warehouse) -> Landing:
    """Nothing has landed yet."""
    return Landing(warehouse)


@pytest.fixture(scope="module")
def first(landing: Landing) -> tuple[Landing, Snapshot]:
    """Two markets; currencies with hardly one; and one at the limits. And what the build that finds them makes of them.

    One coin; one bar; a bar in the first and one in the last minute; prices that are all the same. At the limits no sum
    overflows. Of how many digits are left between such prices nothing is said.
    """
    landing.land("usd", MARKET)
    landing.land("eur", MARKET)
    landing.land("one", {"lonely": single([1.0] * 30 + [2.0])})
    landing.land("bar", {"shy": single([5.6e-11])})
    landing.land("two", {"here": walk(1, seed=1), "there": [(), *walk(1, seed=2)]})
    landing.land("eqs", {f"coin-{n}": single([0.1] * 60) for n in range(8)})
    extremes = [MIN_PRICE, MAX_PRICE] * 30
    dust = [MIN_PRICE, 2 * MIN_PRICE, *[MIN_PRICE] * 1100]  # an old gain fades in the averages of the RSI
    at_the_limits = {"both": single(extremes), "dust": single(dust), "giant": single([MAX_PRICE] * 1100)}
    landing.land("lim", at_the_limits, is_compared=False)
    return landing, landing.built()


@pytest.mark.usefixtures("quick_warehouse")
def test_nothing_has_landed(landing: Landing) -> None:
    assert all(rows.height == 0 for rows in landing.built().values())


def test_only_rejected_rows_have_landed(landing: Landing) -> None:
    """On Spark the folder of what is good is not there yet."""
    landing.reject()
    assert all(rows.height == 0 for rows in landing.built().values())


def test_currencies_with_hardly_a_market_and_one_at_the_limits_of_what_lands(first: tuple[Landing, Snapshot]) -> None:
    _, tables = first
    assert movers(tables, "usd") == movers(tables, "eur") == (["up"], ["down"])
    assert {currency: movers(tables, currency) for currency in ("one", "bar", "two", "eqs")} == {
        "one": (["lonely"], []),
        "bar": ([], []),
        "two": ([], []),
        "eqs": ([], []),
    }
    assert {table: rows.filter(vs_currency="bar").height for table, rows in tables.items()} == {
        table: 0 if "top_5" in table else 1 for table in KEYS
    }
    assert tables["warehouse.crypto_table"].filter(vs_currency="lim").height >= 60 + 1102 + 1100


@pytest.mark.usefixtures("quick_warehouse")
def test_a_currency_that_nobody_knew_and_a_clock_that_jumps_a_year_ahead_and_back(
    first: tuple[Landing, Snapshot],
) -> None:
    landing, _ = first
    landing.land("xyz-1 ☂", MARKET, NOON - timedelta(hours=50))
    landing.land("eur", {"up": single([3.0])}, NOON + A_YEAR)
    tables = landing.built()
    assert movers(tables, "usd") == movers(tables, "xyz-1 ☂") == (["up"], ["down"])
    assert movers(tables, "eur") == ([], []), "at the newest minute there is one coin, and nothing to compare it with"
    landing.land("eur", {coin: single([1.2] * 20) for coin in MARKET}, NOON + timedelta(minutes=31))
    landing.land("usd", {coin: single([1.2] * 20) for coin in MARKET}, NOON + timedelta(minutes=31))
    bars = landing.built()["warehouse.crypto_table"]
    today = bars.filter(pl.col("bar_minute").dt.replace_time_zone(None) < NOON + A_YEAR, vs_currency="usd")
    later = bars.filter(pl.col("bar_minute").dt.replace_time_zone(None) < NOON + A_YEAR, vs_currency="eur")
    assert not today["is_closed"].all()
    assert later["is_closed"].all()


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

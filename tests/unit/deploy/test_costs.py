"""What AWS costs, worked by hand for one small case; and docs/aws.md has what costs.yaml gives."""

import pytest

from coinloom.settings import REPOSITORY
from deploy.aws.costs import Assumptions, Case, costs, gigabytes, read_assumptions, tables

# 730 h are 2,628,000 s and 43,800 minutes: 26,280 polls of 100 s bring 26,280,000 messages of 1,000 prices.
CASE = {"coins": 500, "currencies": 2, "poll_interval_seconds": 100, "build_seconds": 200, "topic_days": 1}
MACHINES = {"host": "host", "broker": "broker", "database": "database"}
ASSUMED = Assumptions.model_validate(
    {
        "region": "nowhere",
        "as_of": "2026-01-01",
        "prices": {
            "hour": {"host": 1, "broker": 2, "database": 3, "nat": 4},
            "host_volumes": 5,
            "broker_gb": 10,
            "database_gb": 20,
            "lake_gb": 30,
            "thousand_puts": 40,
            "thousand_gets": 50,
            "nat_gb": 60,
            "others": 7,
        },
        "sizes": {
            "topic_bytes_per_message": 100,
            "landing_bytes_per_message": 200,
            "lake_bytes_per_bar": 1000,
            "postgres_bytes_per_bar": 500,
            "answer_bytes_per_message": 10,
            "puts_per_batch": 1,
            "gets_per_batch": 2,
            "puts_per_build": 3,
            "gets_per_build": 4,
            "puts_per_look": 5,
            "puts_per_monitor_look": 6,
            "gets_per_monitor_look": 7,
            "puts_per_check": 8,
            "gets_per_check": 9,
        },
        "smallest_disk_gb": {"broker": 5, "database": 50},
        "cases": [CASE | MACHINES],
    }
)


def case() -> Case:
    return ASSUMED.cases[0]


def test_a_build_that_takes_longer_than_a_poll_is_rarer() -> None:
    assert (case().polls, case().builds) == (26_280, 13_140)
    assert case().model_copy(update={"build_seconds": 10}).builds == 26_280


def test_a_look_is_taken_each_second_in_which_nothing_is_built_or_once_for_each_build() -> None:
    """Builds of 10 s, each 100 s, leave 90 of these; one after another they leave nothing."""
    assert case().looks == 13_140
    assert case().model_copy(update={"build_seconds": 10}).looks == 26_280 * 90
    assert (case().monitor_looks, case().checks) == (175_200, 43_800)


def test_what_is_stored() -> None:
    """A day is 864,000 messages and 432 builds of 30,000 bars, a month 26.28 million messages and 43.8 million bars."""
    stored = {"topic": 0.0864, "lake": 5.256 + 43.8, "replaced": 12.96, "postgres": 21.9}
    assert gigabytes(case(), ASSUMED.sizes, month=1) == pytest.approx(stored)
    grown = stored | {"lake": 2 * 49.056, "postgres": 43.8}
    assert gigabytes(case(), ASSUMED.sizes, month=2) == pytest.approx(grown)


def test_what_it_costs() -> None:
    """At first the disks of brokers and of PostgreSQL are as small as they can be; in the third month one is not."""
    paid = {
        "host": 730 + 5,
        "Kafka": 3 * (1460 + 5 * 10),
        "PostgreSQL": 2190 + 50 * 20,
        "lake, storage": (49.056 + 12.96) * 30,
        "lake, requests": (26.28 + 3 * 13.14) * 40 + (2 * 26.28 + 4 * 13.14) * 50,
        "lake, looks": (5 * 13.14 + 6 * 175.2 + 8 * 43.8) * 40 + (7 * 175.2 + 9 * 43.8) * 50,
        "way out (NAT)": 2920 + 0.2628 * 60,
        "key, secrets, logs, alarms": 7,
    }
    assert costs(case(), ASSUMED, month=1) == pytest.approx(paid)
    assert costs(case(), ASSUMED, month=3)["PostgreSQL"] == pytest.approx(2190 + 65.7 * 20)


def test_the_page_has_the_tables_of_the_assumptions() -> None:
    page = (REPOSITORY / "docs" / "aws.md").read_text(encoding="utf-8")
    assert [case.coins for case in read_assumptions().cases] == [250, 2_000, 10_000]
    assert tables(read_assumptions()) in page

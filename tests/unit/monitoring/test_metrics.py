"""A made look as Prometheus reads it, through the parser of its own client."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from coinloom.settings import Sink
from health.report import Reading
from monitoring.metrics import stages_of
from tests.unit.health.made_reports import NOW
from tests.unit.monitoring.made_look import SETTINGS, Values, look, scraped


def test_each_stage_says_what_is_newest_and_how_far_it_is_behind() -> None:
    noon = NOW.timestamp()
    assert (
        scraped(look()).items()
        >= {
            'stage_reachable{stage="polls"}': 1,
            'stage_state{stage="landing_parquet"}': 0,
            'newest_event_timestamp_seconds{stage="landing_parquet"}': noon - 15,
            'newest_event_timestamp_seconds{stage="marts"}': noon - 60,
            'last_success_timestamp_seconds{stage="polls"}': noon - 10,
            'last_success_timestamp_seconds{stage="landing_parquet"}': noon - 3,
            'last_success_timestamp_seconds{stage="builds"}': noon - 3,
            'last_success_timestamp_seconds{stage="marts"}': noon - 5,
            "polls_total": 20,
            "poll_errors_total": 2,
            "coingecko_credits_left": 9_000,
            'absent_coins{state="retired"}': 1,
            "topic_messages_total": 600_000,
            'landed_messages_total{sink="parquet"}': 599_960,
            'landing_lag_messages{sink="parquet"}': 40,
            'landing_lag_seconds{sink="parquet"}': 8,
            'quarantine_messages{reason="not_json",sink="parquet"}': 5,
            "outbox_messages": 3,
            "outbox_bytes": 4_096,
            'builds_total{outcome="failed"}': 1,
            "build_duration_seconds": 17,
            "build_models_seconds": 30.5,
            "build_tests_seconds": 6.25,
            'build_nodes{kind="test",outcome="warned"}': 2,
            'mart_rows{mart="crypto_table"}': 1_000,
            "disk_free_bytes": 50e9,
            "monitor_last_look_timestamp_seconds": noon - 2,
        }.items()
    )


def without(*beginnings: str) -> Callable[[Values], bool]:
    return lambda found: not [name for name in found if name.startswith(beginnings)]


AWAY: Reading[Any] = Reading(error="It is away.")


@pytest.mark.parametrize(
    ("stage", "away", "absent"),
    [
        (
            "polls",
            {"polls": AWAY},
            ("poll_duration", 'last_success_timestamp_seconds{stage="polls"', "outbox_messages"),
        ),
        ("topic", {"messages": AWAY}, ("topic_messages", "landed_messages", "landing_lag")),
        (
            "landing_parquet",
            {"landings": {Sink.PARQUET: AWAY}},
            ("landing_lag_messages", 'last_success_timestamp_seconds{stage="landing'),
        ),
        ("quarantine", {"quarantine": AWAY}, ("quarantine_messages",)),
        ("builds", {"builds": AWAY}, ("build_",)),
        ("disk", {"disk": AWAY}, ("disk_",)),
    ],
)
def test_what_is_away_has_no_number(stage: str, away: dict[str, Any], absent: tuple[str, ...]) -> None:
    assert not without(*absent)(scraped(look()))
    found = scraped(look(**away))
    assert found[f'stage_reachable{{stage="{stage}"}}'] == 0
    assert sum(value for name, value in found.items() if name.startswith("stage_reachable")) == 6
    assert without(*absent)(found)


def test_without_a_look_all_is_away() -> None:
    assert scraped(None) == {f'stage_reachable{{stage="{stage}"}}': 0 for stage in stages_of(SETTINGS)}


def test_a_sink_that_has_all_is_not_behind() -> None:
    seen = replace(look(), waiting={Sink.PARQUET: Reading(None)})
    assert scraped(seen)['landing_lag_seconds{sink="parquet"}'] == 0
    unknown = replace(look(), waiting={Sink.PARQUET: Reading(error="The broker is away.")})
    assert 'landing_lag_seconds{sink="parquet"}' not in scraped(unknown)

"""A made look as Prometheus reads it, through the parser of its own client."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from coinloom.settings import Settings, Sink
from health.builds import Build
from health.polls import AbsentCoin, Credits
from health.report import Reading
from health.verdicts import verdicts
from monitoring.counts import Counts
from monitoring.look import Look
from monitoring.metrics import PipelineMetrics, stages_of
from quarantine.contents import ReasonCount
from stores.arrivals import Arrivals
from tests.unit.health.made_reports import NOW, ago, landing, poll, report

SETTINGS = Settings(_env_file=None)
BUILD = Build(
    *(7, ago(20), ago(3), "build", "spark", "passed", None, None),
    *(28, 0, 0, 0, 41, 0, 0, 2),
    *(30.5, 6.25, [{"node": "int_prices", "seconds": 2.5}]),
)
Values = dict[str, float]


def look(**changes: Any) -> Look:
    """A pipeline that is well, with the changes as readings of the report."""
    readings: dict[str, Any] = {
        "polls": Reading([poll(10, messages_waiting=3)]),
        "credits": Reading(Credits(9_000, 10_000)),
        "absent": Reading([AbsentCoin("gone", "usd", "retired", ago(500))]),
        "landings": {Sink.PARQUET: Reading(landing(15, lag=40))},
        "quarantine": Reading([ReasonCount(Sink.PARQUET, "not_json", 5, ago(900), ago(90), "crypto-prices/0/1")]),
        "builds": Reading([BUILD]),
        "arrivals": {Sink.PARQUET: Reading(Arrivals(Sink.PARQUET, {}, {}, ago(12).replace(tzinfo=None)))},
    }
    made = report(**(readings | changes))
    return Look(
        at=ago(2),
        seconds=0.25,
        report=made,
        verdicts=verdicts(made, SETTINGS, NOW),
        waiting={Sink.PARQUET: Reading(ago(8))},
        newest_bar=Reading(ago(60)),
        last_passed=Reading(ago(3)),
        mart_rows=Reading({"crypto_table": 1_000}),
        counts=Reading(Counts(20, 2, 9, 1)),
        outbox=4_096,
    )


def scraped(seen: Look | None) -> Values:
    """By name and labels, as a query would name them."""
    registry = CollectorRegistry()
    registry.register(PipelineMetrics(lambda: seen, stages_of(SETTINGS), lambda: NOW))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {_written(sample.name, sample.labels): sample.value for family in families for sample in family.samples}


def _written(name: str, labels: dict[str, str]) -> str:
    inner = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name.removeprefix('coinloom_')}{{{inner}}}" if inner else name.removeprefix("coinloom_")


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
            'last_success_timestamp_seconds{stage="landing_parquet"}': noon - 12,
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
        ("landing_parquet", {"landings": {Sink.PARQUET: AWAY}}, ("landing_lag_messages", "landing_newest_hour")),
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

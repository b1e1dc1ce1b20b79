"""A made look of the monitor, and what Prometheus reads of one, through the parser of its own client."""

from typing import Any

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

"""The numbers at the head of the page of health."""

from typing import Any

import pytest

from coinloom.settings import Settings, Sink
from dashboard.pages import health
from health.polls import Credits
from health.report import Reading
from quarantine.contents import ReasonCount
from tests.unit.health.made_reports import NOW, ago, report


def figures(**changes: Any) -> dict[str, str]:
    """By what they are called."""
    reader = health.ReportReader(lambda: report(**changes))
    reader.now()
    page: Any = health.layout(reader, Settings(_env_file=None), lambda: NOW)
    kpis = page["health"].children[1].children
    return {figure.children[0].children: figure.children[1].children for figure in kpis}


def rejected(sink: Sink, reason: str, messages: int) -> ReasonCount:
    return ReasonCount(sink, reason, messages, ago(60), ago(30), "crypto-prices/0/1")


def test_a_message_that_each_sink_rejected_counts_once() -> None:
    counts = [
        rejected(Sink.PARQUET, "not_json", 3),
        rejected(Sink.PARQUET, "no_price", 1),
        rejected(Sink.POSTGRES, "not_json", 3),
    ]
    assert figures(quarantine=Reading(counts))["In quarantine"] == "4"
    assert figures(quarantine=Reading([]))["In quarantine"] == "0"


@pytest.mark.parametrize(
    ("credits_", "text"),
    [
        (Reading(None), "not limited"),
        (Reading(Credits(5_000, 10_000)), "5,000 of 10,000"),
        (Reading(error="The file cannot be read"), "–"),
    ],
)
def test_credits_that_cannot_be_read_are_not_without_limit(credits_: Reading[Credits | None], text: str) -> None:
    assert figures(credits=credits_)["CoinGecko credits left"] == text

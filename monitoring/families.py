"""Families of metrics from plain values: a name, a text, and a value for each set of labels."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Values = Mapping[Any, float | None]
"""By the values of the labels, as many texts as there are labels; what is None is left out."""


def by_name(values: Mapping[str, float]) -> Values:
    return {(name,): value for name, value in values.items()}


def moments(known: Mapping[str, datetime | None]) -> Values:
    return {(name,): _epoch(moment) if moment else None for name, moment in known.items()}


def _epoch(moment: datetime) -> float:
    """A moment without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def gauge(name: str, text: str, values: Values, *labels: str) -> Iterator[Metric]:
    yield from _filled(GaugeMetricFamily(f"coinloom_{name}", text, labels=labels), values)


def counter(name: str, text: str, values: Values, *labels: str) -> Iterator[Metric]:
    yield from _filled(CounterMetricFamily(f"coinloom_{name}", text, labels=labels), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Values) -> Iterator[Metric]:
    for labels, value in values.items():
        if value is not None:
            family.add_metric(labels, value)
    if family.samples:
        yield family

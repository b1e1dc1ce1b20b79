from math import inf

import pytest

from benchmarks.freshness_parts import PARTS, Ages
from benchmarks.freshness_run import Freshness, Plan
from benchmarks.freshness_tables import p95, tables
from coinloom.settings import Target


@pytest.mark.parametrize(("values", "expected"), [(range(1, 101), 95), (range(1, 11), 10), ([3.0], 3), ([1, inf], inf)])
def test_95_of_100_values_are_at_most_p95(values: list[float], expected: float) -> None:
    assert p95(values) == expected


@pytest.mark.parametrize(("unseen", "met"), [(5, "yes"), (6, "**no**")])
def test_an_update_that_nobody_saw_counts_against_the_bar(unseen: int, met: str) -> None:
    plan = Plan(Target.SPARK, poll_interval=30, warm_up=0, measured=600)
    ages = Ages([10.0] * (100 - unseen), indistinct=0, unseen=unseen)

    bars = tables([Freshness(plan, ages, {part: [] for part in PARTS}, usage={})])[0]

    assert bars.rows[0][-1] == met

"""Each threshold just under and just over; what is away or empty is broken; what is said can be understood."""

from datetime import datetime
from typing import Any

import pytest

from coinloom.settings import Settings, Sink, Stage
from health.disk import Disk
from health.report import Reading
from health.stages import Landing
from health.verdicts import EVERY_PRICE_CHANGES, State, Verdict, newest, verdicts, worst
from serving.marts import read_marts
from tests.unit.health.made_reports import NOW, ago, landing, poll, published, report

HEALTHY, STALE, BROKEN = State


def judged(settings: Settings | None = None, **changes: Any) -> dict[str, Verdict]:
    found = verdicts(report(**changes), settings or own_settings(), NOW)
    return {verdict.stage: verdict for verdict in found}


def own_settings(**overrides: Any) -> Settings:
    return Settings(_env_file=None, **overrides)


def of_age(stage: str, seconds: float) -> dict[str, Any]:
    """A report in which what is newest in that stage is so old."""
    return {
        Stage.POLLS: {"polls": Reading([poll(seconds)])},
        "landing_parquet": {"landings": {Sink.PARQUET: Reading(landing(seconds))}},
        Stage.MARTS: {"freshness": Reading(of_marts(seconds))},
    }[stage]


def of_marts(seconds: float) -> dict[str, datetime]:
    """crypto_table is left behind by so much, and top_5_losers, which few prices change, by more."""
    newer = dict.fromkeys(EVERY_PRICE_CHANGES, ago(seconds - 1))
    return newer | {"crypto_table": ago(seconds), "top_5_losers": ago(seconds + 5_000)}


WITH_AN_AGE = [Stage.POLLS, "landing_parquet", Stage.MARTS]


def test_a_stage_each_in_the_order_of_a_price_and_all_is_well() -> None:
    found = verdicts(report(), own_settings(), NOW)
    assert [verdict.stage for verdict in found] == ["polls", "topic", "landing_parquet", "marts", "disk"]
    assert {verdict.state for verdict in found} == {HEALTHY}
    assert [verdict.reason for verdict in found] == [
        "The newest answer of CoinGecko is 10 s old; it has 250 of 250 coins.",
        "The topic is there and has had 600,000 messages so far.",
        "The newest price that has landed is 10 s old; it is 0 of 600,000 messages behind.",
        "The newest change that was published to marts.crypto_table is 5 s old.",
        "50.0 of 100 GB are free.",
    ]


def test_a_mart_that_cannot_be_written_is_named_while_others_are_new() -> None:
    left_behind = published(crypto_table=ago(86_400), ohlc_1d=ago(86_410))
    found = judged(freshness=Reading(left_behind))["marts"]
    assert found.state is BROKEN
    assert found.reason.startswith("The newest change that was published to marts.ohlc_1d is 1 d ")


@pytest.mark.parametrize("mart", EVERY_PRICE_CHANGES)
def test_a_mart_that_was_never_published_is_named_while_others_are_new(mart: str) -> None:
    others = published()
    del others[mart]
    found = judged(freshness=Reading(others))["marts"]
    assert found == Verdict("marts", BROKEN, f"marts.{mart} has never been published; `coinloom publish` says why.")
    assert "marts" not in newest(report(freshness=Reading(others)))


def test_what_has_to_be_published_is_a_mart() -> None:
    assert set(EVERY_PRICE_CHANGES) < {mart.name for mart in read_marts()}


@pytest.mark.parametrize("stage", WITH_AN_AGE)
@pytest.mark.parametrize(
    ("seconds", "state"), [(119, HEALTHY), (120, HEALTHY), (121, STALE), (300, STALE), (301, BROKEN), (-60, HEALTHY)]
)
def test_what_is_old_is_stale_and_then_broken(stage: str, seconds: float, state: State) -> None:
    found = judged(**of_age(stage, seconds))
    assert found.pop(stage).state is state
    assert {verdict.state for verdict in found.values()} == {HEALTHY}


def test_the_reason_says_which_limit_was_passed() -> None:
    assert judged(**of_age(Stage.MARTS, 121))["marts"].reason == (
        "The newest change that was published to marts.crypto_table is 2 min 1 s old, more than 2 min."
    )
    assert judged(**of_age(Stage.MARTS, 301))["marts"].reason.endswith("is 5 min 1 s old, more than 5 min.")


@pytest.mark.parametrize("stage", WITH_AN_AGE)
def test_a_stage_has_limits_of_its_own(stage: str) -> None:
    prefix = stage.partition("_")[0]
    own = own_settings(**{f"{prefix}_warning_after_seconds": 1_000, f"{prefix}_critical_after_seconds": 2_000})
    for seconds, state in ((1_000, HEALTHY), (1_001, STALE), (2_000, STALE), (2_001, BROKEN)):
        assert judged(own, **of_age(stage, seconds))[stage].state is state
    for other in set(WITH_AN_AGE) - {stage}:
        assert judged(own, **of_age(other, 301))[other].state is BROKEN


@pytest.mark.parametrize(("lag", "state"), [(10_000, HEALTHY), (10_001, STALE), (500_000, STALE), (500_001, BROKEN)])
def test_a_sink_is_judged_by_how_far_it_is_behind(lag: int, state: State) -> None:
    assert judged(landings={Sink.PARQUET: Reading(landing(lag=lag))})["landing_parquet"].state is state


def test_the_worse_of_age_and_lag_counts() -> None:
    found = judged(landings={Sink.PARQUET: Reading(landing(121, lag=500_001))})["landing_parquet"]
    assert found.state is BROKEN
    assert found.reason == (
        "The newest price that has landed is 2 min 1 s old, more than 2 min; "
        "it is 500,001 of 600,000 messages behind, more than 500,000."
    )


@pytest.mark.parametrize(
    ("free", "state"), [(5_000_000_000, HEALTHY), (4_999_999_999, STALE), (10**9, STALE), (10**9 - 1, BROKEN)]
)
def test_a_disk_without_room(free: int, state: State) -> None:
    assert judged(disk=Reading(Disk(10**11, free)))["disk"].state is state


@pytest.mark.parametrize(("failed", "state"), [(1, HEALTHY), (2, HEALTHY), (3, BROKEN), (9, BROKEN)])
def test_polls_that_failed_in_a_row(failed: int, state: State) -> None:
    polls = [*(poll(number, "HTTP 429\nslow down.") for number in range(failed)), poll(60)]
    found = judged(polls=Reading(polls))["polls"]
    assert found.state is state
    assert "HTTP 429" in found.reason
    assert "\n" not in found.reason
    patient = own_settings(critical_after_failed_polls=failed + 1)
    assert judged(patient, polls=Reading(polls))["polls"].state is HEALTHY


def test_a_failed_poll_between_good_ones_does_not_count() -> None:
    polls = [poll(10), *(poll(seconds, "HTTP 500") for seconds in (20, 30, 40))]
    assert judged(polls=Reading(polls))["polls"].state is HEALTHY


def test_no_poll_that_was_answered_is_broken_from_the_first_on() -> None:
    found = judged(polls=Reading([poll(1, "HTTP 401.")]))["polls"]
    assert found == Verdict("polls", BROKEN, "The last poll failed: HTTP 401.")


def test_messages_that_wait_are_said() -> None:
    found = judged(polls=Reading([poll(messages_waiting=1_500)]))["polls"]
    assert found.reason.endswith("; 1,500 messages wait for Kafka.")


@pytest.mark.parametrize(
    ("changes", "stage", "said"),
    [
        ({"polls": Reading([])}, "polls", "Nothing has been polled yet."),
        ({"messages": Reading(0)}, "topic", "There is no message on the topic yet."),
        (
            {"landings": {Sink.PARQUET: Reading(Landing(Sink.PARQUET, 7, None))}},
            "landing_parquet",
            "Nothing has landed yet; it is 7 of 600,000 messages behind.",
        ),
        ({"freshness": Reading({})}, "marts", "Nothing has been published yet."),
    ],
)
def test_where_there_is_nothing_at_all_it_is_broken(changes: dict[str, Any], stage: str, said: str) -> None:
    assert judged(**changes)[stage] == Verdict(stage, BROKEN, said)


@pytest.mark.parametrize(
    ("stage", "changes"),
    [
        ("polls", {"polls": Reading(error="away\n\tIs it running?")}),
        ("topic", {"messages": Reading(error="away. Is it running?")}),
        ("landing_parquet", {"landings": {Sink.PARQUET: Reading(error="away")}}),
        ("marts", {"freshness": Reading(error="away")}),
        ("disk", {"disk": Reading(error="away")}),
    ],
)
def test_what_cannot_be_reached_is_broken(stage: str, changes: dict[str, Any]) -> None:
    found = judged(**changes)
    assert found.pop(stage) == Verdict(stage, BROKEN, "It cannot be reached: away.")
    assert {verdict.state for verdict in found.values()} == {HEALTHY}


def test_without_the_topic_the_age_of_landing_counts_alone() -> None:
    away = {"messages": Reading(error="away"), "landings": {Sink.PARQUET: Reading(landing(121, lag=-5))}}
    found = judged(**away)["landing_parquet"]
    assert found.state is STALE
    assert found.reason.endswith("; how far it is behind the topic is not known.")


def test_each_sink_has_a_verdict() -> None:
    both = {Sink.PARQUET: Reading(landing()), Sink.POSTGRES: Reading(landing(301, sink=Sink.POSTGRES))}
    found = judged(landings=both)
    assert (found["landing_parquet"].state, found["landing_postgres"].state) == (HEALTHY, BROKEN)


def test_the_worst_is_the_earliest_of_those_that_are_equally_bad() -> None:
    stale, broken = Verdict("polls", STALE, ""), [Verdict(stage, BROKEN, "") for stage in ("topic", "marts")]
    assert worst([stale, *broken]) is broken[0]
    assert worst([Verdict("disk", HEALTHY, ""), stale]) is stale


def test_the_newest_moments_are_those_that_are_judged() -> None:
    assert newest(report()) == {"polls": ago(10), "landing_parquet": ago(10), "marts": ago(5)}
    assert newest(report(polls=Reading([poll(1, "HTTP 500")]), freshness=Reading({}))) == {"landing_parquet": ago(10)}

"""Who is told, and when: once for what lasts, once for its end, never for what is over at once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coinloom.settings import Settings
from health.verdicts import State, Verdict
from monitoring.told import Told, ToldNotKept
from monitoring.watch import Watch

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
HEALTHY, STALE, BROKEN = State
AFTER = 60


class Bench:
    """A watch over one stage, and how many seconds it has watched."""

    def __init__(self, told: Mapping[str, State] | None = None) -> None:
        self.second = 0
        self.watch = Watch(told or {}, AFTER, monotonic=lambda: float(self.second))

    def told(self, states: dict[int, State], until: int) -> list[tuple[int, State]]:
        """What is told of a stage that has these states from these seconds on, and is looked at every 15 seconds."""
        found, state = [], HEALTHY
        for self.second in range(0, until, 15):
            state = states.get(self.second, state)
            now = START + timedelta(seconds=self.second)
            changes = self.watch.changes([Verdict("polls", state, "Why.")], now)
            found += [(self.second, change.state) for change in changes]
        return found


def test_a_change_is_told_once_and_its_end_once() -> None:
    assert Bench().told({30: BROKEN, 300: HEALTHY}, 900) == [(90, BROKEN), (360, HEALTHY)]


def test_what_is_over_at_once_is_not_told() -> None:
    flapping = {second: BROKEN if second % 60 else HEALTHY for second in range(0, 900, 30)}
    assert Bench().told(flapping, 900) == []


def test_what_gets_worse_on_its_way_is_told_once_as_it_is_by_then() -> None:
    assert Bench().told({0: STALE, 45: BROKEN}, 300) == [(60, BROKEN)]


def test_what_changes_between_stale_and_broken_is_told_all_the_same() -> None:
    changing = {second: BROKEN if second % 30 else STALE for second in range(0, 900, 15)}
    assert len(Bench().told(changing, 900)) == 1


def test_what_was_told_broken_and_is_no_more_is_told_however_it_changes() -> None:
    changing = {second: STALE if second % 30 else HEALTHY for second in range(0, 900, 15)}
    (second, state), *_ = Bench({"polls": BROKEN}).told(changing, 900)
    assert second == AFTER
    assert state is not BROKEN


def test_each_step_is_told_if_it_lasts() -> None:
    steps = {0: STALE, 150: BROKEN, 300: STALE, 450: HEALTHY}
    assert Bench().told(steps, 900) == [(60, STALE), (210, BROKEN), (360, STALE), (510, HEALTHY)]


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    assert Bench({"polls": BROKEN}).told({0: BROKEN, 300: HEALTHY}, 900) == [(360, HEALTHY)]


def test_a_clock_that_is_set_makes_nothing_last_longer_or_shorter() -> None:
    bench, polls = Bench(), [Verdict("polls", BROKEN, "Why.")]
    assert bench.watch.changes(polls, START) == []
    bench.second = 15
    assert bench.watch.changes(polls, START + timedelta(hours=1)) == []
    bench.second, set_back = 60, START - timedelta(hours=1)
    (change,) = bench.watch.changes(polls, set_back)
    assert (change.since, change.noticed_at) == (set_back - timedelta(seconds=60), set_back)


def test_a_sink_that_was_taken_away_does_not_stay_broken_where_it_was_told() -> None:
    watch = Watch({"landing_parquet": BROKEN, "landing_postgres": HEALTHY, "polls": STALE}, AFTER)
    (change,) = watch.changes([Verdict("polls", STALE, "Why.")], START)
    assert (change.stage, change.was, change.state) == ("landing_parquet", BROKEN, HEALTHY)
    assert change.reason == "Nobody looks at it any more: the settings do not name it."
    assert watch.changes([Verdict("polls", STALE, "Why.")], START) == []


def test_without_a_time_to_wait_a_change_is_told_at_the_first_look() -> None:
    (change,) = Watch({}, 0).changes([Verdict("polls", BROKEN, "Why.")], START)
    assert change.since == START


def test_a_change_says_since_when_and_why() -> None:
    bench = Bench()
    bench.watch.changes([Verdict("disk", STALE, "Little."), Verdict("polls", HEALTHY, "Well.")], START)
    bench.second, later = 75, START + timedelta(seconds=75)
    (change,) = bench.watch.changes([Verdict("disk", STALE, "Less."), Verdict("polls", HEALTHY, "Well.")], later)
    assert (change.stage, change.was, change.state) == ("disk", HEALTHY, STALE)
    assert (change.reason, change.since, change.noticed_at) == ("Less.", START, later)


def test_what_was_told_survives_on_disk(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, coinloom_home=tmp_path)
    assert Told(settings).states() == {}
    Told(settings).note("polls", STALE)
    Told(settings).note("disk", BROKEN)
    Told(settings).note("polls", HEALTHY)
    assert Told(settings).states() == {"polls": HEALTHY, "disk": BROKEN}


def test_a_file_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "alerts.sqlite").mkdir()
    with pytest.raises(ToldNotKept, match=r"alerts\.sqlite .*COINLOOM_HOME"):
        Told(Settings(_env_file=None, coinloom_home=tmp_path)).states()

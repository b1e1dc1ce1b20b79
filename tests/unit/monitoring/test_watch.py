"""Who is told, and when: once for what lasts, once for its end, never for what is over at once."""

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


def told(watch: Watch, states: dict[int, State], until: int) -> list[tuple[int, State]]:
    """What is told of a stage that has these states from these seconds on, and is looked at every 15 seconds."""
    found, state = [], HEALTHY
    for second in range(0, until, 15):
        state = states.get(second, state)
        now = START + timedelta(seconds=second)
        found += [(second, change.state) for change in watch.changes([Verdict("polls", state, "Why.")], now)]
    return found


def test_a_change_is_told_once_and_its_end_once() -> None:
    watch = Watch({}, AFTER)
    assert told(watch, {30: BROKEN, 300: HEALTHY}, 900) == [(90, BROKEN), (360, HEALTHY)]


def test_what_is_over_at_once_is_not_told() -> None:
    flapping = {second: BROKEN if second % 60 else HEALTHY for second in range(0, 900, 30)}
    assert told(Watch({}, AFTER), flapping, 900) == []


def test_what_gets_worse_on_its_way_is_told_once_as_it_is_by_then() -> None:
    assert told(Watch({}, AFTER), {0: STALE, 45: BROKEN}, 300) == [(60, BROKEN)]


def test_what_changes_between_stale_and_broken_is_told_all_the_same() -> None:
    changing = {second: BROKEN if second % 30 else STALE for second in range(0, 900, 15)}
    assert len(told(Watch({}, AFTER), changing, 900)) == 1


def test_what_was_told_broken_and_is_no_more_is_told_however_it_changes() -> None:
    changing = {second: STALE if second % 30 else HEALTHY for second in range(0, 900, 15)}
    (second, state), *_ = told(Watch({"polls": BROKEN}, AFTER), changing, 900)
    assert second == AFTER
    assert state is not BROKEN


def test_each_step_is_told_if_it_lasts() -> None:
    steps = {0: STALE, 150: BROKEN, 300: STALE, 450: HEALTHY}
    assert told(Watch({}, AFTER), steps, 900) == [(60, STALE), (210, BROKEN), (360, STALE), (510, HEALTHY)]


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    assert told(Watch({"polls": BROKEN}, AFTER), {0: BROKEN, 300: HEALTHY}, 900) == [(360, HEALTHY)]


def test_a_change_says_since_when_and_why() -> None:
    watch = Watch({}, AFTER)
    watch.changes([Verdict("disk", STALE, "Little."), Verdict("polls", HEALTHY, "Well.")], START)
    later = START + timedelta(seconds=75)
    (change,) = watch.changes([Verdict("disk", STALE, "Less."), Verdict("polls", HEALTHY, "Well.")], later)
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

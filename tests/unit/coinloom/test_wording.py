"""Ages, and what may be too long to be said in full."""

import pytest

from coinloom.wording import age, first_names, were_left_out


def test_of_many_names_the_first_are_said() -> None:
    assert first_names(["a", "b", "c"], 3) == "a, b, c"
    assert first_names(["a", "b", "c"], 2) == "a, b and 1 more"


def test_what_was_left_out_says_how_much_of_it_is_not_shown() -> None:
    assert were_left_out("lines", 2, 2) == "2 lines were left out."
    assert were_left_out("lines", 1_020, 20) == "1,020 lines were left out (1,000 of them not shown)."


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (45, "45 s"), (200, "3 min 20 s"), (18_600, "5 h 10 min"), (273_600, "3 d 4 h")]
)
def test_an_age_has_two_units(seconds: float, text: str) -> None:
    assert age(seconds) == text

"""What is said of a coin of which not all is known."""

from typing import Any

from dashboard.pages.coin_head import head
from tests.unit.dashboard.made_database import row


def test_a_coin_without_a_name_has_its_id() -> None:
    unknown = dict.fromkeys(("low_24h_own", "high_24h_own", "minutes_since_update"))
    who: Any
    who, _ = head(row("of-a-file", **unknown))
    title, _ = who.children
    assert [part.children for part in title.children] == ["of-a-file", "of-a-file", None]

"""Tiles fill the picture, each by the root of its market cap, with colours that follow the change."""

from typing import Any

import pytest

from dashboard.address import Address
from dashboard.figures.treemap import TILES, treemap

ADDRESS = Address.read("/?currency=usd&change=1h")


def row(coin_id: str, market_cap: float | None, change: float | None) -> dict[str, Any]:
    names = {"coin_id": coin_id, "symbol": coin_id, "name": f"<b>{coin_id}", "price": 2.0}
    return names | {"market_cap": market_cap, "price_change_1h_pct": change}


def share(tile: Any) -> float:
    width, height = (float(tile.style[side].rstrip("%")) for side in ("width", "height"))
    return width * height / 100**2


def test_areas_are_by_the_root_of_the_market_cap_the_largest_first() -> None:
    small, large = row("small", 100.0, 0.0), row("large", 900.0, 0.0)
    tiles = treemap([small, row("unknown", None, 0.0), large], ADDRESS)
    assert [tile.children.split("\n")[0] for tile in tiles] == ["large", "small"]
    assert [share(tile) for tile in tiles] == pytest.approx([0.75, 0.25], abs=1e-4)


def test_the_largest_coins_fill_the_picture() -> None:
    tiles = treemap([row(f"coin-{number}", 1.0 + number, 0.0) for number in range(TILES + 5)], ADDRESS)
    assert len(tiles) == TILES
    assert sum(map(share, tiles)) == pytest.approx(1, abs=1e-3)


def test_colours_follow_the_change_and_stop_at_the_deepest() -> None:
    changes = (-9.0, -1.5, None, 0.0, 1.5, 9.0)
    tiles = treemap([row("coin", 1.0, change) for change in changes], ADDRESS)
    deep_red, red, unknown, none, green, deep_green = [tile.style["backgroundColor"] for tile in tiles]
    assert (deep_red, unknown, deep_green) == (red, none, green)
    assert len({red, none, green}) == 3


def test_names_are_text_and_lead_to_the_coin() -> None:
    (tile,) = treemap([row("a/b", 1.0, 1.05)], ADDRESS)
    assert tile.children == "a/b\n▲ 1.05%"
    assert tile.title == "<b>a/b\n2\n▲ 1.05%"
    assert tile.href.startswith("/coin/a%2Fb?")


@pytest.mark.parametrize("market_cap", [None, 0.0, -1.0])
def test_without_market_caps_there_is_no_tile(market_cap: float | None) -> None:
    assert treemap([row("coin", market_cap, 1.0)], ADDRESS) == []


def test_a_coin_without_a_name_has_its_id() -> None:
    (tile,) = treemap([row("of-a-file", 1.0, 1.05) | {"symbol": None, "name": None}], ADDRESS)
    assert tile.children == "of-a-file\n▲ 1.05%"
    assert tile.title == "of-a-file\n2\n▲ 1.05%"

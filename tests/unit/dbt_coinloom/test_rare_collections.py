import gc
from collections.abc import Iterator

import pytest

from dbt_coinloom.rare_collections import LOOKS, OBJECTS, RareCollections


@pytest.fixture(autouse=True)
def collecting_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_imported_is_left_alone_once_and_the_rest_is_looked_at_rarely() -> None:
    RareCollections("coinloom")
    assert gc.get_threshold() == (OBJECTS, LOOKS, LOOKS)
    frozen = gc.get_freeze_count()
    assert frozen > 0
    RareCollections("coinloom")
    assert gc.get_freeze_count() <= frozen


def test_another_project_is_left_as_it_is() -> None:
    RareCollections("jaffle_shop")
    assert gc.get_threshold() == (700, 10, 10)
    assert gc.get_freeze_count() == 0

import random

import pytest

from stack import ports
from stack.errors import StackError


@pytest.fixture
def three_free_ports(monkeypatch: pytest.MonkeyPatch) -> range:
    """All that there are to choose from; nobody was given one of them."""
    monkeypatch.setattr(ports, "_given", set())
    while True:
        first = random.choice(ports.CHOICE[:-2])  # noqa: S311  no secret
        three = range(first, first + 3)
        if all(_is_free(port) for port in three):
            monkeypatch.setattr(ports, "CHOICE", three)
            return three


def test_a_port_is_given_once_although_nobody_listens_there(three_free_ports: range) -> None:
    assert sorted(ports.free_port() for _ in three_free_ports) == list(three_free_ports)
    with pytest.raises(StackError, match="is free"):
        ports.free_port()


def test_a_port_that_somebody_else_will_have_is_not_given(three_free_ports: range) -> None:
    first, second, third = three_free_ports
    assert ports.free_port(first, third) == second


def _is_free(port: int) -> bool:
    try:
        ports.require_free("127.0.0.1", port, "NO_PORT")
    except StackError:
        return False
    return True

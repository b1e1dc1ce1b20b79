"""The parameters of `/coins/markets`, and the choice of coins that they make."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.assets import Floats
from simulator.market import Market
from simulator.snapshot import Snapshot

_DEFAULT_PER_PAGE, _MAX_PER_PAGE = 100, 250
_DEFAULT_ORDER = "market_cap_desc"


class MissingParameterError(ValueError):
    """A parameter, named by the error, was not given."""


@dataclass(frozen=True)
class MarketsQuery:
    """What was asked for. `ids` is None for all coins; ids that no coin has are in it all the same."""

    vs_currency: str
    ids: frozenset[str] | None
    order: str
    per_page: int
    page: int
    precision: str

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> "MarketsQuery":
        """Reads the query string. Unknown parameters are ignored, unusable values count as not given, `per_page` is cut
        at 250. Raises MissingParameterError.
        """
        return cls(
            vs_currency=required(parameters, "vs_currency").lower(),
            ids=frozenset(_listed(parameters.get("ids", ""))) or None,
            order=parameters.get("order", _DEFAULT_ORDER),
            per_page=min(_positive(parameters.get("per_page", ""), _DEFAULT_PER_PAGE), _MAX_PER_PAGE),
            page=_positive(parameters.get("page", ""), 1),
            precision=parameters.get("precision", ""),
        )

    def choose(self, market: Market, snapshot: Snapshot) -> list[int]:
        """Positions of the page's coins in `market.coins`, in the order asked for; empty beyond the last page."""
        positions = _ordered(self.order, market, snapshot)
        chosen = [at for at in positions if self.ids is None or market.coins[at].id in self.ids]
        return chosen[(self.page - 1) * self.per_page : self.page * self.per_page]


def required(parameters: Mapping[str, str], name: str) -> str:
    """The parameter without the blanks around it. Raises MissingParameterError if nothing is left."""
    if value := parameters.get(name, "").strip():
        return value
    raise MissingParameterError(name)


def _ordered(order: str, market: Market, snapshot: Snapshot) -> list[int]:
    """All positions; coins without a value come last, whichever the direction."""
    by_id = sorted(range(len(market.coins)), key=lambda at: market.coins[at].id)
    match order:
        case "id_asc":
            return by_id
        case "id_desc":
            return by_id[::-1]
        case "market_cap_asc":
            return _sorted_by(snapshot.market_cap)
        case "volume_asc":
            return _sorted_by(snapshot.volume_24h)
        case "volume_desc":
            return _sorted_by(-snapshot.volume_24h)
        case _:
            return _sorted_by(-snapshot.market_cap)


def _sorted_by(values: Floats) -> list[int]:
    return [int(at) for at in np.argsort(values, kind="stable")]


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _positive(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else default

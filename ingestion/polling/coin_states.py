"""What became of each coin that was asked for: CoinGecko leaves out unknown and retired ids in silence."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum

from coinloom.wording import first_names
from ingestion.coingecko.markets import MarketsAnswer, MarketsRequest

NAMED_AT_MOST = 20

log = logging.getLogger(__name__)


class CoinState(StrEnum):
    """Of one coin in one quote currency, as of the last poll that was answered."""

    ANSWERED = "answered"
    UNKNOWN = "unknown"  # asked for by its id, and never answered
    RETIRED = "retired"  # answered once, and no more
    UNPRICED = "unpriced"  # answered without a price
    NOT_ASKED = "not_asked"  # one of these three before, and not asked for any more


Key = tuple[str, str]
"""Coin id and quote currency."""

States = Mapping[Key, CoinState]

ADVICE = {
    CoinState.UNKNOWN: "CoinGecko does not know them: check COINGECKO_IDS (avalanche, for one, is avalanche-2)",
    CoinState.RETIRED: "CoinGecko answers for them no more: they are retired or have a new id, see COINGECKO_IDS",
    CoinState.UNPRICED: "CoinGecko has no price for them; their messages go to quarantine",
    CoinState.ANSWERED: "CoinGecko has prices for them again",
    CoinState.NOT_ASKED: "they are not asked for any more",
}
NO_TROUBLE = (CoinState.ANSWERED, CoinState.NOT_ASKED)


def changed_states(before: States, request: MarketsRequest, answer: MarketsAnswer) -> dict[Key, CoinState]:
    """The states that this answer changes. A coin that has merely left the top N keeps its state."""
    now = dict(_present(answer))
    for currency in request.vs_currencies:
        for coin in request.ids:
            if (coin, currency) not in now:
                was = before.get((coin, currency), CoinState.UNKNOWN)
                was_answered = was in (CoinState.ANSWERED, CoinState.UNPRICED, CoinState.RETIRED)
                now[coin, currency] = CoinState.RETIRED if was_answered else CoinState.UNKNOWN
    for key, was in before.items():
        if key not in now and was not in NO_TROUBLE and not _is_asked_for(key, was, request):
            now[key] = CoinState.NOT_ASKED
    return {key: state for key, state in now.items() if before.get(key) is not state}


def worth_telling(before: States, changes: States) -> dict[Key, CoinState]:
    """The changes without the coins that are there from the start."""
    return {key: state for key, state in changes.items() if state is not CoinState.ANSWERED or key in before}


def count_coins(states: States, request: MarketsRequest, answer: MarketsAnswer) -> Counter[CoinState]:
    """How many coins of this poll are in each state, in any currency; what is not asked for any more does not count."""
    asked = {(coin, currency) for currency in request.vs_currencies for coin in request.ids}
    polled = asked | dict(_present(answer)).keys()
    return Counter(state for _, state in {(key[0], states[key]) for key in polled if key in states})


def log_changes(changes: States) -> None:
    """One line per state, with the coins that are new in it."""
    for state in CoinState:
        coins = sorted({coin for (coin, _), now in changes.items() if now is state})
        if coins:
            level = logging.INFO if state in NO_TROUBLE else logging.WARNING
            log.log(level, "%s: %s", first_names(coins, NAMED_AT_MOST), ADVICE[state])


def _is_asked_for(key: Key, was: CoinState, request: MarketsRequest) -> bool:
    """A poll of the top N asks for none by its id; one without a price may merely have left it."""
    coin, currency = key
    return currency in request.vs_currencies and (coin in request.ids if request.ids else was is CoinState.UNPRICED)


def _present(answer: MarketsAnswer) -> Iterator[tuple[Key, CoinState]]:
    for currency, rows in answer.rows.items():
        for row in rows:
            if isinstance(row.get("id"), str):
                state = CoinState.UNPRICED if row.get("current_price") is None else CoinState.ANSWERED
                yield (row["id"], currency), state

"""What goes wrong between client and market, by a seeded plan: the same seed and requests meet the same faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.chance import uniform

STORM_REQUESTS = 4  # a rate limit that is hit stays hit for so many requests
_STREAM = 900_000  # of the random numbers; the market's streams are below


class Fault(StrEnum):
    """The first ones are faults of the answer, the others of its rows."""

    RATE_LIMITED = "rate_limited"  # 429s in a row, Retry-After as seconds or date, the body JSON, text or HTML
    SERVER_ERROR = "server_error"  # 500, 502, 503 or 504
    NO_ANSWER = "no_answer"  # silence until the client gives up
    SLOW_DRIP = "slow_drip"  # a byte now and then, without end
    CUT_OFF = "cut_off"  # fewer bytes than announced
    GARBAGE = "garbage"  # HTTP 200 with bytes that are no text
    WRONG_SHAPE = "wrong_shape"  # HTTP 200 with JSON that is no list of coins and no chart
    HUGE = "huge"  # HTTP 200 with 20 MB

    MISSING_IDS = "missing_ids"  # coins, or samples of a chart, that were asked for are left out
    NULL_PRICES = "null_prices"
    ODD_ROW = "odd_row"  # one row has values of the wrong types
    CLOCK_AHEAD = "clock_ahead"  # last_updated lies 5 minutes in the future
    REPEATED = "repeated"  # the answer of the request before, as from a cache
    REVERSED = "reversed"  # last_updated lies 10 minutes back, behind what was answered before


class UnknownFaultError(ValueError):
    """The text of a plan cannot be read; the message says what it may hold."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which part of the requests meets which fault; one fault at a time."""

    seed: int
    rates: Mapping[Fault, float]

    @classmethod
    def read(cls, text: str, seed: int) -> "FaultPlan":
        """From `rate_limited=0.1,cut_off=0.02`, or `all=0.01` for each there is. Raises UnknownFaultError."""
        rates: dict[Fault, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, rate = part.partition("=")
            try:
                rates |= dict.fromkeys(list(Fault) if name == "all" else [Fault(name)], _rate(rate))
            except ValueError:
                known = ", ".join(Fault)
                raise UnknownFaultError(f"not a fault and its rate from 0 to 1: {part} (all, {known})") from None
        return cls(seed, rates)

    def fault_of(self, request: int) -> Fault | None:
        """What befalls a request, counted from 0."""
        for stream, (fault, rate) in enumerate(self.rates.items(), start=_STREAM):
            index = request // STORM_REQUESTS if fault is Fault.RATE_LIMITED else request
            if uniform(self.seed, stream, index)[0] < rate:
                return fault
        return None


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate <= 1:
        raise ValueError
    return rate

"""When things are renewed: the moments of a seeded, slightly irregular clock, found without walking through them."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.chance import uniform
from simulator.oddity import Oddity

Milliseconds = NDArray[np.int64]

_SECOND, _HOUR, _DAY = 1_000, 3_600_000, 86_400_000
_CACHE_STREAM = -1


@dataclass(frozen=True)
class Renewals:
    """Renewal n of line i is at phase + (n + irregularity * U(i, n)) * period, U uniform in [0, 1); all in ms."""

    seed: int
    streams: NDArray[np.int64]
    period_ms: Milliseconds
    phase_ms: Milliseconds
    irregularity: NDArray[np.float64]

    def latest(self, time_ms: int) -> Milliseconds:
        """The last renewal of each line at or before `time_ms` (ms since 1970)."""
        number = (time_ms - self.phase_ms) // self.period_ms
        renewal = self._at(number)
        return np.where(renewal <= time_ms, renewal, self._at(number - 1))

    def _at(self, number: NDArray[np.int64]) -> Milliseconds:
        delay = self.irregularity * uniform(self.seed, self.streams, number) * self.period_ms
        return self.phase_ms + number * self.period_ms + delay.astype(np.int64)


def cache_windows(seed: int) -> Renewals:
    """One line: the moments at which the cached answers are replaced, 45 to 60 s apart."""
    return Renewals(
        seed, np.array([_CACHE_STREAM]), np.array([52_500]), np.array([0]), irregularity=np.array([7_500 / 52_500])
    )


def coin_updates(seed: int, oddities: list[Oddity]) -> Renewals:
    """One line per coin: the moments at which its price is renewed.

    At any moment an ordinary coin is less than 60 s behind, a SLOW one up to 17 minutes, a STALE one up to 9 hours, a
    DEAD one up to 240 days. Of three STALE coins two are more than 3 hours behind, of three DEAD ones two more than
    80 days.
    """
    rng = np.random.default_rng([seed, 2])
    seen: Counter[Oddity] = Counter()
    lines = []
    for oddity in oddities:
        lines.append(_line(oddity, seen[oddity], rng))
        seen[oddity] += 1
    period_ms, phase_ms, irregularity = zip(*lines, strict=True)
    return Renewals(
        seed, np.arange(len(oddities)), np.array(period_ms), np.array(phase_ms), np.array(irregularity, dtype=float)
    )


def _line(oddity: Oddity, ordinal: int, rng: np.random.Generator) -> tuple[int, int, float]:
    """Period, phase and irregularity of the `ordinal`-th coin with this oddity."""
    if oddity is Oddity.STALE:
        return 9 * _HOUR, ordinal * 3 * _HOUR + 1_357, 0.0
    if oddity is Oddity.DEAD:
        return 240 * _DAY, ordinal * 80 * _DAY + 11 * _HOUR + 1_113, 0.0
    fastest, slowest = (120, 510) if oddity is Oddity.SLOW else (8, 30)
    return int(rng.integers(fastest * _SECOND, slowest * _SECOND)), 0, 1.0

"""Chance without memory: uniform numbers that are a function of integers, for whole arrays at once.

A random generator gives its numbers in order, so the n-th one costs n. Here number n of stream s is a hash of both,
which is what lets the market be asked about any moment first.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def uniform(seed: int, stream: ArrayLike, index: ArrayLike) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1), one for each pair of `stream` and `index` (integers, broadcast to at least 1-d)."""
    state = _mix(_words(seed % 2**32))
    for part in (stream, index):
        state = _mix(state ^ _words(part))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _words(values: ArrayLike) -> NDArray[np.uint64]:
    return np.atleast_1d(np.asarray(values, dtype=np.int64)).astype(np.uint64)


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64: every bit of the input changes half of the output."""
    words = words + _GOLDEN
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))

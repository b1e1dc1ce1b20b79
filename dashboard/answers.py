"""The newest answer to each question, however many ask."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cachetools import LRUCache

Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Kept:
    """Nothing yet, while there is no version. Who holds the lock may ask."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    version: Hashable = None
    answer: Any = None


class Answers:
    """To so many questions at most; of one that nobody has asked for the longest time the answer is forgotten."""

    def __init__(self, at_most: int) -> None:
        self._kept: LRUCache[Hashable, _Kept] = LRUCache(at_most)
        self._lock = threading.Lock()

    def newest(self, question: Hashable, version: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer of this version, which replaces that of another one.

        Of those who want the same at once, one asks, and the others wait for its answer.
        """
        with self._lock:
            kept = self._kept.setdefault(question, _Kept())
        with kept.lock:
            if kept.version != version:
                kept.answer, kept.version = ask(), version
            answer: Answer = kept.answer
            return answer

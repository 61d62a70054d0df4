"""What several open pages ask for at the same time, asked once."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import TypeVar

__all__ = ["Shared"]

T = TypeVar("T")

MAX_KEPT = 100


class Shared:
    """Keeps the newest answer to each question, with the number of the change that it is from."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[int, object]] = {}
        self._locks = defaultdict[Hashable, threading.Lock](threading.Lock)

    def answer(self, question: Hashable, number: int, ask: Callable[[], T]) -> T:
        """What `ask` returns, or returned to another thread since the change of this number."""
        if len(self._answers) > MAX_KEPT:
            self._answers.clear()
        with self._locks[question]:
            known = self._answers.get(question)
            if known is not None and known[0] >= number:
                return known[1]  # type: ignore[return-value]  # what the same question gave
            found = ask()
            self._answers[question] = number, found
            return found

"""Which models are being trained by a loop that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from dfanalyzer_client.support.forks import run_in_children

from .._identity_map import WeakIdentityMap

if TYPE_CHECKING:
    from .call_feed import CallFeed

__all__ = ["OpenRuns", "open_runs"]


class OpenRuns:
    """The runs of `keras_prov.training` whose blocks are being executed, by model."""

    def __init__(self) -> None:
        self._before: list[Callable[[Any], None]] = []
        self.forget()

    def forget(self) -> None:
        """In a forked child, where the parent's loops do not run."""
        self._feeds: WeakIdentityMap[list[CallFeed]] = WeakIdentityMap()
        self.count = 0

    def before(self, then: Callable[[Any], None]) -> None:
        """Call `then` with each model that a run is about to train."""
        self._before.append(then)

    def about_to_begin(self, models: Iterable[Any]) -> None:
        """A run of these models is about to begin."""
        for model in models:
            for then in self._before:
                then(model)

    def begin(self, models: Iterable[Any], feed: CallFeed) -> None:
        """A run of these models begins; it hides another one until it ends."""
        for model in models:
            self._feeds.set(model, [*(self._feeds.get(model) or []), feed])
            self.count += 1

    def end(self, models: Iterable[Any], feed: CallFeed) -> None:
        """A run of these models has ended."""
        for model in models:
            feeds = self._feeds.get(model) or []
            left = [each for each in feeds if each is not feed]
            self.count -= len(feeds) - len(left)
            if left:
                self._feeds.set(model, left)
            else:
                self._feeds.pop(model)

    def of(self, model: Any) -> CallFeed | None:
        """What calls of `model` add to, in its innermost run; None if there is none."""
        if not self.count:
            return None
        feeds = self._feeds.get(model)
        return feeds[-1] if feeds else None


open_runs = OpenRuns()
"""The runs of this process."""

run_in_children(open_runs.forget)

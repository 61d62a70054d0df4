"""What Keras' own calls on a batch, and `fit`, add to a loop in whose block they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .loop_training import LoopTraining

__all__ = ["CallFeed"]


class CallFeed:
    """Adds the metrics of calls to the epoch of a loop that runs.

    Args:
        training: the loop.
        prefixes: what is put before the metrics of a model, by its identity.
    """

    def __init__(self, training: LoopTraining, prefixes: Mapping[int, str]) -> None:
        self._training, self._prefixes = training, prefixes
        self._first_step: int | None = None

    def trained(self, model: Any, values: Mapping[str, Any]) -> None:
        """A call has trained one of the models."""
        prefix = self._prefixes.get(id(model), "")
        self._training.batch({f"{prefix}{name}": value for name, value in values.items()})

    def displayed(self, step: int, values: Mapping[str, Any]) -> None:
        """A library's own loop says how far it is, which counts as an epoch.

        Args:
            step: the step that it has come to; the first of them is where it began.
            values: what it measured.
        """
        self._first_step = step if self._first_step is None else self._first_step
        self._training.steps_done(step - self._first_step)
        self._training.epoch(values)

    def tested(self, model: Any, values: Mapping[str, Any]) -> None:
        """A call has tested one of the models."""
        prefix = self._prefixes.get(id(model), "")
        self._training.aside({f"{prefix}val_{name}": value for name, value in values.items()})

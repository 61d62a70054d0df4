"""Trainings that are steered at a known step, and what was said of the requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras_prov as keras
from dfanalyzer_client.declarations.messages import is_steering_outcome
from dfanalyzer_client.declarations.steering import SteeringAction, SteeringRequest
from dfanalyzer_client.journal import JournalReader
from keras_prov._recording.registry import execution_of

__all__ = ["Ask", "Recorder", "asked", "outcomes", "put"]

Position = tuple[int, int | None]
"""An epoch and the batch in it that has just ended, both from 0; without a batch, its end."""


def asked(action: str, target: str | None = None, value: Any = None, **others: Any) -> Any:
    """A request of Ada's; its id is that of the object, so that each is another one."""
    given = {"id": f"r{next(_numbers)}", "person": "Ada", "reason": "it rises", **others}
    return SteeringRequest(action=SteeringAction(action), target=target, value=value, **given)


_numbers = iter(range(1_000_000))


def put(model: Any, requests: Sequence[SteeringRequest]) -> None:
    """Put requests into the inbox of the model's execution, as the exporter's thread does."""
    execution = execution_of(model)
    assert execution is not None
    execution.inbox.put(requests)


class Ask(keras.callbacks.Callback):
    """Asks at certain positions; to be given to `fit` as any callback.

    Requests that pause a training are followed by what another thread asks then.
    """

    def __init__(
        self,
        at: Mapping[Position, Sequence[SteeringRequest]],
        while_paused: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._at, self._while_paused = at, while_paused
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch:
            self._ask((self._epoch, batch - 1))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._ask((epoch, None))

    def _ask(self, position: Position) -> None:
        requests = self._at.get(position, ())
        if requests:
            put(self._model, requests)
            if self._while_paused is not None:
                threading.Thread(target=self._while_paused, daemon=True).start()


class Recorder(keras.callbacks.Callback):
    """Keeps which batches were trained, by epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Position] = []
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches.append((self._epoch, batch))


def outcomes(model: Any) -> list[dict[str, Any]]:
    """What was said of the requests to the model's trainings, in order."""
    execution = execution_of(model)
    assert execution is not None
    path = execution.config.client.journal_path
    assert path is not None
    return [
        dict(record.message)
        for record in JournalReader(path).read()
        if is_steering_outcome(record.message) and record.message["exec"] == execution.tag
    ]

"""Trainings that the viewer shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras_prov as keras
from small_models import data, small_model

KEYS = {"LEARNING_RATE": True, "NUM_EPOCHS": True}


def trained(
    tag: str, rate: float = 0.01, epochs: int = 3, callbacks: Any = (), **provenance: Any
) -> Any:
    """A small training that is stored, and its model."""
    model = small_model(optimizer=keras.optimizers.SGD(rate))
    model.provenance(dataflow_tag=tag, **{"hyps": KEYS, **provenance})
    model.fit(*data(), epochs=epochs, validation_split=0.25, callbacks=list(callbacks), verbose=0)
    keras.flush()
    return model


class AtEachEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Calls a function with the number of each epoch, as soon as that is stored."""

    def __init__(self, check: Callable[[int], None]) -> None:
        super().__init__()
        self._check = check
        self._last: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """The epoch before has been recorded by now."""
        self._now(epoch - 1)

    def on_train_end(self, logs: Any = None) -> None:
        """The last epoch is recorded; the training is not over yet."""
        if self._last is not None:
            self._now(self._last + 1)

    def _now(self, epoch: int) -> None:
        self._last = epoch
        if epoch >= 0:
            assert keras.flush(30)
            self._check(epoch)

"""Trainings that the viewer shows."""

from __future__ import annotations

from typing import Any

import keras_prov as keras
from small_models import data, small_model


def trained(tag: str, rate: float = 0.01, epochs: int = 3, **hyps: Any) -> None:
    """A small training that is stored."""
    model = small_model(optimizer=keras.optimizers.SGD(rate))
    model.provenance(dataflow_tag=tag, hyps={"LEARNING_RATE": True, "NUM_EPOCHS": True, **hyps})
    model.fit(*data(), epochs=epochs, validation_split=0.25, verbose=0)
    keras.flush()

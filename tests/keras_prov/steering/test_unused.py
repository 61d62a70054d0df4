"""Steering that nobody uses changes nothing: not the weights, nor how Keras calls callbacks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from small_models import data, small_model

KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "jit": {"jit_compile": True},
    "eager": {"run_eagerly": True},
    "steps": {"steps_per_execution": 3},
}


class Observer(keras.callbacks.Callback):
    """Keeps how Keras' list of callbacks was set up."""

    async_safe = True
    is_async: Any = None
    logs: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.logs = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.logs.append(dict(logs))


def trained(tag: str | None, kind: str, steering: Any) -> tuple[Any, list[Any], list[Any]]:
    """Weights, logs of epochs and random numbers of a training."""
    observer, model = Observer(), small_model(**KINDS[kind])
    if tag is not None:
        model.provenance(tag, adaptation=True, steering=steering)
    history = model.fit(
        *data(), batch_size=8, epochs=3, verbose=0, callbacks=[observer], validation_split=0.25
    )
    drawn = [keras.random.uniform((2,)), np.random.rand(2)]
    return model.get_weights(), [*observer.logs, history.history], [np.asarray(x) for x in drawn]


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_that_may_be_steered_is_bit_for_bit_plain(kind: str, tag: str) -> None:
    """Weights, metrics and the random numbers that follow are those without Keras-Prov."""
    if kind == "steps" and keras.backend.backend() == "torch":
        pytest.skip("Keras' PyTorch backend has no steps_per_execution")
    if kind == "jit" and keras.backend.backend() == "torch":
        pytest.skip("a process compiles its second model otherwise: test_backends.py has two")
    weights, logs, drawn = trained(None, kind, None)
    for steering in (True, ["set"]):
        found = trained(f"{tag}{steering is True}", kind, steering)
        assert all(map(np.array_equal, found[0], weights))
        assert found[1] == logs
        assert all(map(np.array_equal, found[2], drawn))


@pytest.mark.parametrize("hooks", [False, True])
def test_keras_calls_callbacks_as_without_steering(hooks: bool, tag: str) -> None:
    """Whether Keras calls hooks of batches asynchronously is decided by the user's callbacks."""
    decided = []

    class Deciding(keras.callbacks.CallbackList):
        def _configure_async_dispatch(self, callbacks: Any) -> None:
            super()._configure_async_dispatch(callbacks)
            decided.append(self._async_train)

    def plain(batch: int, logs: Any) -> None:
        """Do nothing."""

    for steering in (None, True):
        model = small_model()
        if steering:
            model.provenance(tag, steering=True)
        mine = [keras.callbacks.LambdaCallback(on_train_batch_end=plain)] if hooks else []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("keras.src.callbacks.CallbackList", Deciding)
            model.fit(*data(), verbose=0, callbacks=mine)
    assert len(decided) == 2
    assert decided[0] == decided[1]

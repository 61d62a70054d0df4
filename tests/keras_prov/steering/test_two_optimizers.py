"""A model with two optimizers, as a GAN has: a request names the one that it means."""

from __future__ import annotations

from typing import Any

import pytest

import keras_prov as keras
from small_models import data
from steered import Ask, asked, outcomes


class Gan(keras.Model):  # type: ignore[misc,name-defined]
    """A generator and a discriminator that take no steps."""

    def __init__(self) -> None:
        super().__init__()
        self.g = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        self.d = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

    def train_step(self, batch: Any) -> dict[str, Any]:
        return {"loss": keras.ops.sum(batch[0]) * 0.0}


def train(tag: str, *requests: Any) -> Any:
    """Three epochs; the requests come at the end of the first."""
    gan = Gan()
    gan.compile()
    gan.d_optimizer = keras.optimizers.Adam(0.5)
    gan.g_optimizer = keras.optimizers.RMSprop(0.25)
    gan.provenance(tag, adaptation=True, steering=True)
    gan.fit(*data(), epochs=3, verbose=0, callbacks=[Ask({(0, None): requests})])
    return gan


def test_the_one_that_is_named_is_set(tag: str, ask: Any) -> None:
    """The other keeps its rate; the adaptation has the name, and who asked."""
    gan = train(tag, asked("set", "d_optimizer.learning_rate", 0.125))
    assert float(gan.d_optimizer.learning_rate) == 0.125
    assert float(gan.g_optimizer.learning_rate) == 0.25
    columns = "epoch_id, optimizer, attribute, old_lrate, new_lrate, cause, person"
    assert ask.set(tag, "oAdaptation", columns) == [
        (1, "d_optimizer", "learning_rate", 0.5, 0.125, "steering", "Ada")
    ]


@pytest.mark.parametrize("target", ["learning_rate", "h_optimizer.learning_rate"])
def test_without_its_name_none_is_set(target: str, tag: str) -> None:
    """The refusal lists the names, and nothing is changed."""
    gan = train(tag, asked("set", target, 0.125))
    (outcome,) = outcomes(gan)
    assert outcome["state"] == "refused"
    assert "d_optimizer" in outcome["detail"]
    assert "g_optimizer" in outcome["detail"]
    assert (float(gan.d_optimizer.learning_rate), float(gan.g_optimizer.learning_rate)) == (
        0.5,
        0.25,
    )

"""What was asked of a training is done again by `replay`, without anybody asking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from small_models import data, small_model
from steered import Ask, Recorder, asked

END = "stop_reason, stop_detail, epochs_done"


def train(tag: str, *callbacks: Any, epochs: int = 6) -> Any:
    """A training of 5 batches an epoch, which may be steered."""
    model = small_model()
    model.provenance(tag, hyps={"LEARNING_RATE": True}, steering=True)
    model.fit(*data(), batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


def same_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("action", "position", "batches"), [("stop", (2, None), 15), ("stop-now", (2, 1), 13)]
)
def test_a_stop_is_replayed(action: str, position: Any, batches: int, tag: str, ask: Any) -> None:
    """The training ends after the same batch with the same weights, and says who had stopped it."""
    rate = {(0, None): [asked("set", "learning_rate", 0.25)]}
    first = train(tag, Ask({**rate, position: [asked(action)]}))
    recorder = Recorder()
    again = train(f"{tag}-again", keras.replay(first.exec_tag), recorder)
    assert same_weights(first, again)
    assert len(recorder.batches) == batches
    (stopped,) = ask.set(tag, "oTrainingEnd", END)
    assert stopped[:2] == ("steering", "Ada: it rises")
    assert ask.set(f"{tag}-again", "oTrainingEnd", END) == [("replay", *stopped[1:])]


def test_a_callbacks_attribute_is_replayed(tag: str, ask: Any) -> None:
    """A patience that was raised is raised again, so that the same callback stops as late."""

    def early() -> Any:
        return keras.callbacks.EarlyStopping("loss", min_delta=100.0, patience=2)

    request = asked("set", "EarlyStopping.patience", 4)
    first = train(tag, early(), Ask({(1, None): [request]}), epochs=9)
    assert len(first.history.epoch) == 5
    again = train(f"{tag}-again", early(), keras.replay(first.exec_tag), epochs=9)
    assert len(again.history.epoch) == 5
    assert same_weights(first, again)
    columns = "epoch_id, attribute, old_value, new_value, cause"
    recorded = ask.set(tag, "oAdaptation", columns)
    assert recorded == [(2, "EarlyStopping.patience", "2", "4", "steering")]
    replayed = ask.set(f"{tag}-again", "oAdaptation", columns)
    assert replayed == [(*recorded[0][:4], "replay")]


def test_a_replay_needs_the_callback(tag: str) -> None:
    """Without the callback whose attribute was set, the training does not begin."""
    early = keras.callbacks.EarlyStopping("loss", patience=2)
    request = asked("set", "EarlyStopping.patience", 4)
    first = train(tag, early, Ask({(1, None): [request]}))
    with pytest.raises(ValueError, match="EarlyStopping"):
        train(f"{tag}-again", keras.replay(first.exec_tag))

"""What somebody asks of a running training is done between two steps, and recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import keras_prov as keras
from small_models import data, small_model
from steered import Ask, Recorder, asked, outcomes, put

COLUMNS = (
    "epoch_id, batch, old_lrate, new_lrate, cause, attribute, old_value, new_value, person, reason"
)


def train(tag: str, *callbacks: Any, epochs: int = 4, **provenance: Any) -> Any:
    """A training of 5 batches an epoch that may be steered."""
    model = small_model()
    model.provenance(tag, **{"adaptation": True, "steering": True, **provenance})
    model.fit(*data(), batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


def by_hand(epoch: int, batch: int | None, rate: float, epochs: int = 4) -> Any:
    """The same training, whose callback assigns the rate."""

    class Assign(keras.callbacks.Callback):
        def on_epoch_begin(self, number: int, logs: Any = None) -> None:
            self.epoch = number

        def on_train_batch_end(self, number: int, logs: Any = None) -> None:
            if (self.epoch, number) == (epoch, batch):
                self.model.optimizer.learning_rate = rate

        def on_epoch_end(self, number: int, logs: Any = None) -> None:
            if batch is None and number == epoch:
                self.model.optimizer.learning_rate = rate

    model = small_model()
    model.fit(*data(), batch_size=8, epochs=epochs, verbose=0, callbacks=[Assign()])
    return model


def same_weights(one: Any, other: Any) -> bool:
    return all(
        np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True)
    )


def test_the_rate_is_set_at_the_end_of_an_epoch(tag: str, ask: Any) -> None:
    """A rate asked for in an epoch holds from the next one, bit for bit as if a callback set it."""
    model = train(tag, Ask({(1, None): [asked("set", "learning_rate", 0.25)]}))
    assert same_weights(model, by_hand(1, None, 0.25))
    assert ask.set(tag, "oAdaptation", COLUMNS) == [
        (2, None, 0.01, 0.25, "steering", "learning_rate", "0.01", "0.25", "Ada", "it rises")
    ]
    (outcome,) = outcomes(model)
    assert (outcome["state"], outcome["epoch"], outcome["oldValue"]) == ("applied", 1, "0.01")
    assert "batch" not in outcome


def test_the_rate_is_set_in_mid_epoch(tag: str, ask: Any) -> None:
    """With a batch hook, the next step already takes the new rate; batch and epoch are recorded."""
    model = train(tag, Ask({(1, 2): [asked("set", "learning_rate", 0.25)]}))
    assert same_weights(model, by_hand(1, 2, 0.25))
    (row,) = ask.set(tag, "oAdaptation", COLUMNS)
    assert row[:5] == (1, 2, 0.01, 0.25, "steering")
    (outcome,) = outcomes(model)
    assert (outcome["epoch"], outcome["batch"], outcome["newValue"]) == (1, 2, "0.25")


def test_a_stop_waits_for_the_end_of_the_epoch(tag: str, ask: Any) -> None:
    """A stop asked for in mid-epoch ends the training after that epoch, and says who and why."""
    recorder = Recorder()
    model = train(tag, recorder, Ask({(1, 2): [asked("stop")]}))
    assert recorder.batches[-1] == (1, 4)
    end = ask.set(tag, "oTrainingEnd", "epochs_done, stop_reason, stop_detail")
    assert end == [(2, "steering", "Ada: it rises")]
    assert [(each["state"], each["epoch"]) for each in outcomes(model)] == [("applied", 1)]


def test_a_stop_now_ends_the_epoch_after_the_next_batch(tag: str, ask: Any) -> None:
    """A stop-now after batch 1 leaves no more than the batch that follows to be trained."""
    recorder = Recorder()
    model = train(tag, recorder, Ask({(1, 1): [asked("stop-now", reason=None)]}))
    assert recorder.batches[-1] == (1, 2)
    end = ask.set(tag, "oTrainingEnd", "epochs_done, stop_reason, stop_detail")
    assert end == [(2, "steering", "Ada")]
    assert [(each["epoch"], each["batch"]) for each in outcomes(model)] == [(1, 1)]


def test_a_pause_lasts_until_it_is_resumed(tag: str, ask: Any) -> None:
    """No step is taken in a pause; what is set meanwhile holds from the next step."""
    recorder, seen = Recorder(), []

    def go_on() -> None:
        seen.append(list(recorder.batches))
        put(model, [asked("set", "learning_rate", 0.25)])
        put(model, [asked("resume")])

    model = small_model()
    model.provenance(tag, adaptation=True, steering=["set", "pause"])
    pausing = Ask({(1, 2): [asked("pause")]}, go_on)
    model.fit(*data(), batch_size=8, epochs=4, verbose=0, callbacks=[recorder, pausing])
    assert seen[0][-1] == (1, 2)
    assert len(recorder.batches) == 20
    assert same_weights(model, by_hand(1, 2, 0.25))
    assert [each["batch"] for each in outcomes(model)] == [2, 2, 2]


def test_a_checkpoint_changes_nothing(tag: str, ask: Any, tmp_path: Path) -> None:
    """A checkpoint in mid-epoch holds the weights of that step; the training stays as it was."""
    file, kept = tmp_path / "mid.keras", []

    class Keep(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if batch == 3 and not kept:
                kept.append(self.model.get_weights())

    model = train(tag, Keep(), Ask({(0, 2): [asked("checkpoint", str(file))]}))
    assert same_weights(model, by_hand(9, None, 0.0))
    saved = keras.saving.load_model(file).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(saved, kept[0], strict=True))
    assert ask.set(tag, "oModelFile", "path, kind, callback, epoch_id") == [
        (str(file), "model", "steering", 0)
    ]
    assert [each["detail"] for each in outcomes(model)] == [str(file)]

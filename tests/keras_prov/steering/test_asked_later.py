"""What was asked of a training, as questions about it answer later."""

from __future__ import annotations

from typing import Any

import keras_prov as keras
from small_models import data, small_model
from steered import Ask, asked


def train(tag: str, *callbacks: Any) -> Any:
    """A training of at most four epochs, which may be steered."""
    model = small_model()
    model.provenance(tag, steering=True)
    model.fit(*data(), epochs=4, verbose=0, callbacks=list(callbacks))
    assert keras.flush(60)
    return model.exec_tag


def test_who_has_stopped_a_training_is_a_difference(tag: str, home: object) -> None:
    """Beside one that has trained all its epochs: why it ended, and who has said so."""
    whole, stopped = train(tag), train(tag, Ask({(1, None): [asked("stop")]}))
    found = {(part, name): values for part, name, *values in keras.diff(whole, stopped).rows}
    assert found["field", "stop_reason"] == ["finished", "steering"]
    assert found["field", "stop_detail"] == [None, "Ada: it rises"]
    assert found["field", "epochs"] == [4, 2]
    outcome = keras.run(stopped).outcome
    assert (outcome["stop_reason"], outcome["stop_detail"]) == ("steering", "Ada: it rises")
    two = keras.compare([whole, stopped])
    assert [each.epochs for each in two.runs] == [4, 2]
    assert [each.execution for each in keras.runs("epochs = 2", dataflow=tag)] == [stopped]

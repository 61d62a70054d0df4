"""What was asked of a training, as questions about it answer later."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner

import keras_prov as keras
from dfanalyzer_client.cli import main
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
    assert [each.stop_reason for each in two.runs] == ["finished", "steering"]
    by_reason = keras.runs("stop_reason = 'steering'", dataflow=tag)
    assert [each.execution for each in by_reason] == [stopped]
    (first, second) = keras.runs(dataflow=tag, order_by="stop_reason")
    assert (first.execution, second.execution) == (whole, stopped)
    columns = ["runs", "--dataflow", tag, "--csv", "--columns", "execution,stop_reason"]
    listed = CliRunner().invoke(main, columns, catch_exceptions=False).stdout
    assert listed == f"execution,stop_reason\n{stopped},steering\n{whole},finished\n"
    assert [each.epochs for each in two.runs] == [4, 2]
    assert [each.execution for each in keras.runs("epochs = 2", dataflow=tag)] == [stopped]

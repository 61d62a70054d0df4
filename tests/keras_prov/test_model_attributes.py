"""Tags that scripts of the first Keras-Prov read from a model, and transformations they pass."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import keras_prov
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)
from small_models import small_model

XY = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")


def loading() -> Transformation:
    """A transformation of a user's own."""
    files = Set("iLoading", SetType.INPUT, [Attribute("NAME", AttributeType.TEXT)])
    return Transformation("Loading", [files])


def test_the_tags_of_a_captured_model_name_its_rows(tag: str, ask: Any) -> None:
    """They are read before and after the training, as given and as stored."""
    model = small_model()
    model.provenance(f"{tag}-Mnist")
    before = model.exec_tag
    model.fit(*XY, epochs=2, verbose=0)

    assert (model.dataflow_tag, model.exec_tag) == (f"{tag}-Mnist", before)
    assert before == model.get_dataflow().exec_tag
    assert ask.one('SELECT count(*) FROM "public".dataflow_execution WHERE tag = %s', before) == 1


def test_a_task_beside_the_training_takes_the_models_tags(tag: str, ask: Any) -> None:
    """As in scripts of the first Keras-Prov: Task(1, model.dataflow_tag, model.exec_tag, …)."""
    model = small_model()
    model.provenance(tag, transformations={"Loading": loading()})
    task = Task(1, model.dataflow_tag, model.exec_tag, "Loading")
    task.add_dataset(DataSet("iLoading", [Element(["mnist.npz"])]))
    task.end()
    model.fit(*XY, verbose=0)

    assert ask.set(tag, "iLoading", "name") == [("mnist.npz",)]
    assert ask.one(
        'SELECT count(*) FROM "public".dataflow_execution WHERE tag = %s', model.exec_tag
    )


@pytest.mark.parametrize("name", ["dataflow_tag", "exec_tag"])
def test_a_model_that_is_not_captured_has_no_tags(name: str, tag: str) -> None:
    """hasattr() is False, the error says what to call, and asking begins nothing."""
    model = small_model()
    with keras_prov.capture({}, tag):
        assert not hasattr(model, name)
    assert getattr(model, name, "none") == "none"
    with pytest.raises(AttributeError, match=f"'{name}'.*Call model.provenance"):
        getattr(model, name)


def test_a_models_own_attributes_come_first(tag: str) -> None:
    """A user's class may set attributes of these names, or find them in __getattr__."""

    class Tagged(keras.Sequential):
        def __init__(self) -> None:
            super().__init__([keras.layers.Dense(1)])
            self.exec_tag = "mine"

        def __getattr__(self, name: str) -> Any:
            if name == "dataflow_tag":
                return "found"
            raise AttributeError(name)

    model = Tagged()
    assert (model.exec_tag, model.dataflow_tag) == ("mine", "found")
    model.provenance(tag)
    assert (model.exec_tag, model.dataflow_tag) == ("mine", tag)


def test_no_tag_is_saved_or_copied_with_a_model(tag: str, tmp_path: Path) -> None:
    """A loaded, unpickled, copied or cloned model is another one."""
    model = small_model()
    model.provenance(tag)
    model.fit(*XY, verbose=0)
    model.save(tmp_path / "model.keras")

    assert not {"exec_tag", "dataflow_tag"} & vars(model).keys()
    for other in (
        keras.models.load_model(tmp_path / "model.keras"),
        pickle.loads(pickle.dumps(model)),  # noqa: S301  # our own
        copy.deepcopy(model),
        keras.models.clone_model(model),
    ):
        assert not hasattr(other, "exec_tag")
        assert not hasattr(other, "dataflow_tag")


@pytest.mark.parametrize("none", [{}, [], (), None])
def test_no_transformations_are_accepted_in_every_form(none: Any, tag: str) -> None:
    """Scripts of the first Keras-Prov pass {}, by name or as the fifth argument."""
    model = small_model()
    model.provenance(tag, transformations=none)
    known = len(model.get_dataflow().transformations)
    model.provenance(tag, False, {}, [], none)
    assert len(model.get_dataflow().transformations) == known


@pytest.mark.parametrize("given", [[loading()], (loading(),), {"Loading": loading()}])
def test_transformations_are_declared_with_every_execution(given: Any, tag: str) -> None:
    """Also with one that begins later, such as a trial's."""
    model = small_model()
    model.provenance(tag, transformations=given)
    assert model.get_dataflow().transformations[-1]["tag"] == "loading"
    first = model.exec_tag
    with keras_prov.trial("study", 1, {}):
        assert model.get_dataflow().transformations[-1]["tag"] == "loading"
        assert model.exec_tag != first


@pytest.mark.parametrize("wrong", ["Loading", {"Loading": {"input": {"NAME": "TEXT"}}}, 3, [None]])
def test_other_transformations_say_what_to_pass(wrong: Any, tag: str) -> None:
    """The error has an example, and the model stays as it was."""
    model = small_model()
    with pytest.raises(TypeError, match=r"transformations=\[Transformation\('Loading'"):
        model.provenance(tag, transformations=wrong)
    assert not hasattr(model, "exec_tag")

"""Copies of a captured model are other models; a model with LoRA is still the same one."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import keras_prov as keras

X = np.ones((8, 2), "float32")


def fitted():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    return model


def loaded(model, folder):
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras")


COPIES = {
    "clone_model": lambda model, _: keras.models.clone_model(model),
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "from_config": lambda model, _: keras.Sequential.from_config(model.get_config()),
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),  # noqa: S301  # our own
    "load_model": loaded,
}


def train(model):
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    model.fit(X, X[:, :1], verbose=0)


def trainings(tag, ask):
    return ask.one(
        'SELECT count(*) FROM "public".task t '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        'JOIN "public".dataflow d ON d.id = e.df_id '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        "WHERE d.tag = %s AND x.tag = 'trainingmodel'",
        tag,
    )


def test_a_copy_was_not_asked_for(tag, ask, tmp_path):
    """`provenance()` is for one model: no copy of it is captured until it is asked for, too."""
    model = fitted()
    model.provenance(tag)
    train(model)
    copies = [make(model, tmp_path) for make in COPIES.values()]
    for each in copies:
        with pytest.raises(AttributeError):
            _ = each.exec_tag
        train(each)
    assert trainings(tag, ask) == 1
    late = keras.models.clone_model(model)
    late.provenance(tag)
    train(late)
    assert late.exec_tag != model.exec_tag
    assert trainings(tag, ask) == 2


@pytest.mark.thorough
def test_each_copy_has_an_execution_of_its_own(tag, ask, tmp_path):
    """`capture()` is for all models, and a copy is one of them."""
    with keras.capture({}, tag):
        model = fitted()
        train(model)
        copies = [make(model, tmp_path) for make in COPIES.values()]
        for each in copies:
            train(each)
        tags = {each.exec_tag for each in (model, *copies)}
    assert len(tags) == 1 + len(COPIES)
    assert trainings(tag, ask) == 1 + len(COPIES)


def test_lora_is_seen_in_the_layers_of_the_next_training(tag, ask):
    """A training after `enable_lora()` has the layers as they are then."""
    model = fitted()
    model.provenance(tag, hyps=["NUM_LAYERS"])
    train(model)
    model.layers[0].enable_lora(1)
    train(model)
    rows = ask.rows(
        f'SELECT l.trainingmodel_task_id, l.value FROM "{tag}".ilayers AS l '
        "WHERE l.attribute_type = 'lora_rank' ORDER BY l.id"
    )
    tasks = [task for (task,) in ask.set(tag, "iTrainingModel", "trainingmodel_task_id")]
    assert rows == [(tasks[0], "None"), (tasks[1], "1")]

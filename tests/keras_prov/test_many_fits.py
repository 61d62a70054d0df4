"""What stays as it is between the trainings of an execution is said once, and referred to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dfanalyzer_client
import keras_prov as keras
from small_models import data, small_model

HYPS = {"LEARNING_RATE": True, "ENVIRONMENT": True, "DATASET": True}
SETS = ("iLayers", "iConnections", "iEnvironment", "iDataset")


def rows_by_task(ask: Any, tag: str, name: str) -> list[list[tuple[Any, ...]]]:
    """The rows that each training read, by the training's task id, without ids."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for _, task, *row in ask.set(tag, name):
        found.setdefault(task, []).append(tuple(row))
    return [found[task] for task in sorted(found)]


def said(home: Path, tag: str) -> list[dict[str, Any]]:
    """The messages that began trainings of a dataflow."""
    journals = [each.read_text() for each in (home / "journals").glob("*.journal")]
    (journal,) = [each for each in journals if tag in each]
    messages = [json.loads(line.split(" ", 2)[2]) for line in journal.splitlines()]
    begun = "itrainingmodel"
    return [each for each in messages if any(s["tag"] == begun for s in each.get("sets", ()))]


def test_a_further_training_refers_to_what_was_said(home: Path, tag: str, ask: Any) -> None:
    """All rows stand with each training's task in the database; they are journalled once."""
    model = small_model()
    model.provenance(tag, hyps=HYPS)
    for _ in range(4):
        model.fit(*data(), verbose=0)
    assert dfanalyzer_client.flush(30)
    first, *others = said(home, tag)
    assert len(others) == 3
    assert all(set(each["reuse"]) == {name.lower() for name in SETS} for each in others)
    assert max(len(json.dumps(each)) for each in others) < 1000 < len(json.dumps(first))
    for name in SETS:
        rows = rows_by_task(ask, tag, name)
        assert len(rows) == 4
        assert all(each == rows[0] for each in rows)
    joined = ask.rows(
        f'SELECT count(*) FROM "{tag}".ilayers l '
        f'JOIN "{tag}".itrainingmodel i USING (trainingmodel_task_id) WHERE l.attribute_type = %s',
        "class",
    )
    assert joined == [(4 * len(model.layers),)]


def test_what_has_changed_is_said_anew(tag: str, ask: Any) -> None:
    """A frozen layer, other data: each training's rows are those of that training."""
    model = small_model()
    model.provenance(tag, hyps=HYPS)
    x, y = data()
    for is_trained, factor in ((True, 1.0), (False, 1.0), (False, 2.0), (False, 2.0)):
        model.layers[0].trainable = is_trained
        model.compile(keras.optimizers.SGD(0.01), "mse")
        model.fit(x * factor, y, verbose=0)
    where = f"name = '{model.layers[0].name}' AND attribute_type = 'trainable'"
    trainable = ask.rows(
        f'SELECT value FROM "{tag}".ilayers WHERE {where} ORDER BY trainingmodel_task_id'
    )
    assert trainable == [("True",), ("False",), ("False",), ("False",)]
    hashes = ask.rows(
        f"SELECT hash FROM \"{tag}\".idataset WHERE name LIKE 'x%%' ORDER BY trainingmodel_task_id"
    )
    assert len(hashes) == 4
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]

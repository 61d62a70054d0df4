"""What `run`, `curves`, `compare`, `tag` and `note` say of arguments of wrong types."""

from __future__ import annotations

import numpy as np
import pytest

import keras_prov as keras
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation

NUMERIC = AttributeType.NUMERIC


@pytest.fixture
def run(tag):
    """The tag of an execution with one epoch."""
    names = [Attribute(name, NUMERIC) for name in ("EPOCH_ID", "loss")]
    output = Set("oTrainingModel", SetType.OUTPUT, names)
    flow = Dataflow(tag, [Transformation("TrainingModel", [output])])
    with flow.task("TrainingModel") as task:
        task.generated(EPOCH_ID=0, loss=0.5)
    return flow.exec_tag


@pytest.mark.parametrize("wrong", [None, 1.5, True])
def test_what_names_no_run_is_refused(run, wrong):
    """Whichever function it is given to, the answer says what a run can be."""
    asked = (
        lambda: keras.run(wrong),
        lambda: keras.curves(wrong),
        lambda: keras.compare(run, wrong),
        lambda: keras.diff(run, wrong),
        lambda: keras.tag(wrong, "a"),
        lambda: keras.note(wrong, "a"),
    )
    for ask in asked:
        with pytest.raises(TypeError, match=f"named by its id, its tag.*Received: {wrong}"):
            ask()


def test_a_list_where_one_run_is_expected_is_named_by_its_class(run):
    """Its rows are not in the message."""
    found = keras.runs("id > 0", limit=2)
    for ask in (lambda: keras.run(found), lambda: keras.tag(found, "a")):
        with pytest.raises(TypeError, match=r"Received: Runs\.$"):
            ask()


def test_ids_may_be_integers_of_numpy(run):
    """As a data frame has them."""
    id_ = np.int64(keras.run(run).id)
    assert keras.run(id_).execution == run
    assert keras.curves(id_, "loss").column("value") == [0.5]


def test_metrics_are_a_name_or_names(run):
    """None means all of them, and an empty list none of them."""
    assert keras.curves(run).column("metric") == ["loss"]
    assert len(keras.curves(run, [])) == 0
    for wrong in (3, [3]):
        with pytest.raises(TypeError, match="metrics must be the name of a metric"):
            keras.curves(run, wrong)


def test_empty_answers_have_the_types_of_full_ones(run):
    """So that data frames of several questions can be put together."""
    polars = pytest.importorskip("polars")
    none, some = keras.runs("id < 0").to_polars(), keras.runs(f"execution = '{run}'").to_polars()
    assert none.schema == {name: some.schema[name] for name in none.columns}
    assert polars.concat([none, some], how="diagonal").shape == some.shape
    empty = keras.curves([])
    assert empty.to_polars().schema == keras.curves(run).to_polars().schema
    assert empty.to_arrow().schema == keras.curves(run).to_arrow().schema
    assert list(empty.to_pandas().dtypes) == list(keras.curves(run).to_pandas().dtypes)

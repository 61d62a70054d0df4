"""The row of an epoch is what `history.history` says of it, whatever callbacks make of `logs`."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import keras_prov as keras
from small_models import data, small_model

OURS = {"id", "otrain_timestamp", "elapsed_time", "epoch_id"}
PLAIN = ("loss", "mae", "val_loss", "val_mae", "lr", "extra")
NAMES = (*PLAIN, "Loss", "LOSS", "Val_MAE", "learning_rate", "ID", "epoch_id", "extra_0", 3)


class Editing(keras.callbacks.Callback):
    """Does to `logs` what it is told, at the end of each epoch."""

    def __init__(self, edit: Callable[[int, dict[Any, Any]], object]) -> None:
        super().__init__()
        self.edit = edit

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.edit(epoch, logs)


def train(tag: str, *edits: Callable[[int, dict[Any, Any]], object], **kwargs: Any) -> Any:
    """The history of a captured training whose callbacks edit `logs`."""
    model = small_model(metrics=["mae"])
    model.provenance(tag, adaptation=kwargs.pop("adaptation", None))
    callbacks = [Editing(edit) for edit in edits]
    return model.fit(
        *data(), **{"verbose": 0, "epochs": 3, "callbacks": callbacks, **kwargs}
    ).history


def rows(ask: Any, tag: str) -> list[dict[str, Any]]:
    """The epochs of a dataflow, with what stands there of metrics and is not NULL."""
    names = ask.rows(
        'SELECT a.name FROM "public".attribute a JOIN "public".data_set s ON s.id = a.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id '
        "WHERE d.tag = %s AND s.tag = 'otrainingmodel' ORDER BY a.id",
        tag,
    )
    columns = [name for (name,) in names if name not in OURS]
    found = ask.set(tag, "oTrainingModel", ", ".join(f'"{name}"' for name in columns) or "id")
    return [
        {n: value for n, value in zip(columns, row, strict=False) if value is not None}
        for row in found
    ]


def flat(value: Any) -> list[Any]:
    """The numbers and texts that a value consists of."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    return [float(each) for each in np.ravel(value)]


NUMBERS = st.floats(-100, 100, width=32) | st.integers(-5, 5)
VALUES = (
    NUMBERS
    | st.none()
    | st.sampled_from(["good", "", "5"])
    | st.lists(NUMBERS, min_size=1, max_size=3)
    | st.lists(NUMBERS, min_size=4, max_size=4).map(lambda each: np.reshape(each, (2, 2)))
)
EDITS = st.one_of(
    st.tuples(st.just("set"), st.sampled_from(NAMES), VALUES),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("pop"), st.sampled_from(NAMES)),
    st.tuples(st.just("clear")),
)


def apply(logs: dict[Any, Any], edit: tuple[Any, ...]) -> None:
    """Do one edit."""
    kind, *names = edit
    if kind == "set":
        logs[names[0]] = names[1]
    elif kind == "rename" and names[0] in logs:
        logs[names[1]] = logs.pop(names[0])
    elif kind == "pop":
        logs.pop(names[0], None)
    elif kind == "clear":
        logs.clear()


def apply_of_epoch(edits: Any, epoch: int, logs: dict[Any, Any]) -> None:
    """Do the edits of one epoch."""
    for edit in edits[epoch]:
        apply(logs, edit)


@functools.cache
def traced_model() -> Any:
    """One for all examples: to trace its functions takes longer than to train it."""
    return small_model(metrics=["mae"])


@pytest.mark.thorough
@settings(
    max_examples=10,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=st.lists(st.lists(st.lists(EDITS, max_size=4), min_size=3, max_size=3), max_size=2))
def test_the_rows_are_what_history_says(edits: Any, tag: str, ask: Any) -> None:
    """Callbacks add, replace, rename and remove at random: each row is what History was told."""
    told: list[dict[Any, Any]] = []
    callbacks = [Editing(functools.partial(apply_of_epoch, each)) for each in edits]
    callbacks.append(Editing(lambda _, logs: told.append(dict(logs))))
    model = traced_model()
    model.provenance(tag)
    history = model.fit(
        *data(8), validation_data=data(8), epochs=3, verbose=0, callbacks=callbacks
    ).history
    for name, values in history.items():
        assert [flat(e) for e in values] == [flat(each[name]) for each in told if name in each]
    found = rows(ask, tag)[-3:]
    for row, said in zip(found, told, strict=True):
        expected = [part for value in said.values() for part in flat(value)]
        assert sorted(map(repr, row.values())) == sorted(map(repr, expected))
        for name in PLAIN:
            if isinstance(said.get(name), (int, float)):
                assert row[name] == said[name]


def test_keras_own_names_never_yield(tag: str, ask: Any) -> None:
    """`Loss`, `Val_Loss` and `Val_MAE` of a callback are numbered, also where they come first."""

    def add(epoch: int, logs: dict[str, Any]) -> None:
        logs.update({"Loss": 1.0, "Val_Loss": 2.0, "Val_MAE": 3.0, "lOSS": 4.0})

    x, y = data(8)
    history = train(tag, add, validation_data=(x, y), validation_freq=2, epochs=2)
    first, second = rows(ask, tag)
    assert first == {
        "loss": history["loss"][0],
        "mae": history["mae"][0],
        "loss_2": 1.0,
        "val_loss_2": 2.0,
        "val_mae_2": 3.0,
        "loss_3": 4.0,
    }
    assert {name: second[name] for name in ("val_loss", "val_mae")} == {
        name: history[name][0] for name in ("val_loss", "val_mae")
    }


def test_epochs_are_stored_in_their_order(tag: str, ask: Any) -> None:
    """Also where every other has metrics of a validation."""
    x, y = data(8)
    train(tag, validation_data=(x, y), validation_freq=2, epochs=6)
    found = ask.set(tag, "oTrainingModel", "epoch_id, val_loss IS NULL")
    assert found == [(epoch, epoch % 2 == 0) for epoch in range(6)]


def test_keras_own_names_do_not_yield_to_the_users_metrics(tag: str, ask: Any) -> None:
    """A metric called Loss does not take Keras' loss, in a training or in a test."""
    model = small_model(metrics=[keras.metrics.MeanAbsoluteError(name="Loss")])
    model.provenance(tag)
    history = model.fit(*data(), verbose=0).history
    tested = model.evaluate(*data(), verbose=0, return_dict=True)
    assert rows(ask, tag) == [{"loss": history["loss"][0], "loss_2": history["Loss"][0]}]
    assert ask.set(tag, "oTestingModel", "otest_loss, otest_loss_2") == [
        (tested["loss"], tested["Loss"])
    ]


def test_a_test_is_what_evaluate_returns(tag: str, ask: Any) -> None:
    """What callbacks add to a test's logs is kept, and what they replace there Keras ignores."""

    class Testing(keras.callbacks.Callback):
        def on_test_end(self, logs: Any = None) -> None:
            logs["loss"], logs["more"] = -1.0, 5.0

    model = small_model()
    model.provenance(tag)
    loss = model.evaluate(*data(), verbose=0, callbacks=[Testing()])
    assert ask.set(tag, "oTestingModel", "otest_loss, otest_more") == [(loss, 5.0)]


def test_arrays_texts_and_what_else_is_logged(tag: str, ask: Any) -> None:
    """A small array is a column for each number; other values are texts, of arrays as JSON."""
    large = np.arange(121.0).reshape(11, 11)

    def add(epoch: int, logs: dict[str, Any]) -> None:
        logs["confusion"] = np.array([[5, epoch], [0, 6]])
        logs["f1"] = [0.5, 0.25]
        logs["large"], logs["empty"] = large, []
        logs["per_class"] = {"cat": np.float32(0.5), "dog": None}
        logs["note"] = "good\0"
        logs["huge"], logs["whole"] = 10**400, 2**53 + 1
        logs["thing"], logs["ragged"] = object(), [[1], [2, 3]]

    train(tag, add, epochs=2)
    for epoch, row in enumerate(rows(ask, tag)):
        assert [row[f"confusion_{i}"] for i in ("0_0", "0_1", "1_0", "1_1")] == [5, epoch, 0, 6]
        assert (row["f1_0"], row["f1_1"]) == (0.5, 0.25)
        assert row["large_text"] == str(large.tolist())
        assert row["per_class_text"] == '{"cat": 0.5, "dog": null}'
        assert (row["empty_text"], row["note_text"]) == ("[]", "good\\x00")
        assert row["huge_text"] == str(10**400)
        assert (row["thing_text"], row["ragged_text"]) == ("object", "[[1], [2, 3]]")
    exact = ask.rows(
        'SELECT x.value FROM "public".exact_number x JOIN "public".attribute a '
        'ON a.id = x.attribute_id JOIN "public".data_set s ON s.id = a.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id WHERE d.tag = %s',
        tag,
    )
    assert exact == [(str(2**53 + 1),)] * 2


def test_a_metric_changes_its_kind(tag: str, ask: Any) -> None:
    """A number, then a text, then a list, then a number again: each stands in its epoch's row."""
    values = [1.0, "lost", [2.0, 3.0], 4.0]
    train(tag, lambda epoch, logs: logs.update(odd=values[epoch]), epochs=4)
    found = [{n: v for n, v in row.items() if n.startswith("odd")} for row in rows(ask, tag)]
    assert found == [
        {"odd": 1.0},
        {"odd_text": "lost"},
        {"odd_0": 2.0, "odd_1": 3.0},
        {"odd": 4.0},
    ]


@pytest.mark.parametrize("adaptation", [False, True])
def test_a_rate_that_callbacks_log(adaptation: bool, tag: str, ask: Any) -> None:
    """It stands in `learning_rate`; beside ours, where that is another, in a column of its own."""
    logged = [float(np.float32(rate)) for rate in (0.01, 0.01, 0.5, 0.01)]
    train(
        tag,
        lambda epoch, logs: logs.update(learning_rate=logged[epoch], lr=2.0),
        adaptation=adaptation,
        epochs=4,
    )
    found = [
        {n: v for n, v in row.items() if n.startswith(("learning", "lr"))} for row in rows(ask, tag)
    ]
    if not adaptation:
        assert found == [{"learning_rate": rate, "lr": 2.0} for rate in logged]
        return
    ours = {"learning_rate": 0.01, "lr": 2.0}
    both = [{**ours, "learning_rate_2": rate} for rate in logged[2:]]
    assert found == [ours, ours, *both]


def test_a_rate_that_only_the_user_can_tell(tag: str, ask: Any) -> None:
    """Of a schedule of the user's own, which is never called, the logged rate is the rate."""

    class Own(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            return 0.1 / (1.0 + keras.ops.cast(step, "float32"))

        def get_config(self) -> dict[str, Any]:
            return {}

    model = small_model(optimizer=keras.optimizers.SGD(Own()))
    model.provenance(tag, adaptation=True)
    log = Editing(lambda epoch, logs: logs.update(learning_rate=0.25 / (epoch + 1)))
    history = model.fit(*data(), epochs=2, verbose=0, callbacks=[log]).history
    found = ask.set(tag, "oTrainingModel", "learning_rate")
    assert found == [(rate,) for rate in history["learning_rate"]] == [(0.25,), (0.125,)]


def test_an_epoch_whose_callback_raises(tag: str, ask: Any) -> None:
    """It is recorded: what Keras measured, and what callbacks had made of it so far."""

    def fail(epoch: int, logs: dict[str, Any]) -> None:
        logs["half"] = logs.pop("mae") / 2
        if epoch == 1:
            raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        train(tag, lambda _, logs: logs.update(loss=7.0), fail)
    first, second = rows(ask, tag)
    assert first.keys() == {"loss", "half"}
    assert second.keys() == {"loss", "half", "mae"}
    assert second["mae"] == 2 * second["half"]
    assert first["loss"] == second["loss"] == 7.0


def test_a_history_of_the_users_own(tag: str, ask: Any) -> None:
    """What callbacks do after it is not in it, and so not in the row; what it adds itself is."""

    class Counting(keras.callbacks.History):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, {**logs, "counted": epoch + 10})

    mine = Counting()
    callbacks = [
        Editing(lambda _, logs: logs.update(before=1.0)),
        mine,
        Editing(lambda _, logs: logs.update(after=1.0, loss=0.0)),
    ]
    model = small_model()
    model.provenance(tag)
    for _ in range(2):  # one History for two trainings goes on where it was
        history = model.fit(*data(), epochs=2, verbose=0, callbacks=callbacks)
    assert history is mine
    found = rows(ask, tag)
    assert [row.pop("counted") for row in found] == history.history["counted"] == [10, 11] * 2
    assert found == [{"loss": loss, "before": 1.0} for loss in history.history["loss"]]


@pytest.mark.parametrize("logs", [None, types.MappingProxyType({"loss": 2.0})])
def test_a_callback_list_that_hands_on_other_logs(logs: Any, tag: str, ask: Any) -> None:
    """No dictionary, or nothing: the epoch has its row, with the metrics that there are."""

    class Replacing(keras.callbacks.CallbackList):
        def on_epoch_end(self, epoch: int, _: Any = None) -> None:
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)

    model = small_model()
    model.provenance(tag)
    given = Replacing([], add_history=True, model=model)
    history = model.fit(*data(), epochs=2, verbose=0, callbacks=given).history
    assert history == ({} if logs is None else {"loss": [2.0, 2.0]})
    assert rows(ask, tag) == [dict(logs or {})] * 2

"""Files that models are saved to and loaded from, and what they link."""

from __future__ import annotations

import hashlib
import json
import os
import random
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from small_models import data, small_model

COLUMNS = "path, kind, size, sha256, callback, epoch_id"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def trained(tag: str, *callbacks: Any, **provenance: Any) -> Any:
    model = small_model()
    model.provenance(tag, **provenance)
    model.fit(*data(), epochs=2, verbose=0, callbacks=list(callbacks))
    return model


def lineage(ask: Any, execution: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = ask.rows(
        'SELECT previous_execution, path FROM "public".lineage WHERE execution = %s', execution
    )
    return found


def execution_of(model: Any) -> str:
    tag: str = model.get_dataflow().exec_tag
    return tag


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_a_saved_file_is_recorded(suffix: str, tag: str, ask: Any, tmp_path: Path) -> None:
    """Path, kind, size and SHA-256 of what save() and save_weights() wrote, and the epoch."""
    model = trained(tag)
    path = tmp_path / f"model{suffix}"
    model.save_weights(path) if "weights" in suffix else model.save(path)
    kind = "weights" if "weights" in suffix else "model"
    expected = (str(path), kind, path.stat().st_size, digest(path), None, 1)
    assert ask.set(tag, "oModelFile", COLUMNS) == [expected]


def test_checkpoints_know_callback_and_epoch(tag: str, ask: Any, tmp_path: Path) -> None:
    """Each checkpoint of each epoch, by ModelCheckpoint and by BackupAndRestore."""
    trained(
        tag,
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
        keras.callbacks.BackupAndRestore(tmp_path / "backup"),
    )
    rows = ask.set(tag, "oModelFile", "path, callback, epoch_id, sha256")
    assert [(Path(path).name, callback, epoch) for path, callback, epoch, _ in rows] == [
        ("1.keras", "ModelCheckpoint", 0),
        ("latest.weights.h5", "BackupAndRestore", 0),
        ("2.keras", "ModelCheckpoint", 1),
        ("latest.weights.h5", "BackupAndRestore", 1),
    ]
    assert rows[0][3] == digest(tmp_path / "1.keras")


def test_sharded_weights_are_all_recorded(tag: str, ask: Any, tmp_path: Path) -> None:
    """The index of sharded weights and every shard."""
    model = trained(tag)
    model.save_weights(tmp_path / "w.weights.json", max_shard_size=1)
    names = {Path(path).name for (path,) in ask.set(tag, "oModelFile", "path")}
    assert names == {path.name for path in tmp_path.iterdir()}
    assert len(names) > 1


def test_a_loaded_model_is_derived_from_the_one_that_saved_it(
    tag: str, ask: Any, tmp_path: Path
) -> None:
    """load_model() before provenance(): the file's content links the two executions."""
    first = trained(tag)
    path = tmp_path / "model.keras"
    first.save(path)
    second = keras.saving.load_model(path)
    second.provenance(tag)
    second.fit(*data(), verbose=0)
    assert lineage(ask, execution_of(second)) == [(execution_of(first), str(path))]
    assert ask.set(tag, "iModelFile", "path, sha256") == [(str(path), digest(path))]


def test_loaded_weights_link_across_dataflows(tag: str, ask: Any, tmp_path: Path) -> None:
    """Weights read after provenance(), by a copy of the file elsewhere, in another dataflow."""
    first = trained(tag)
    path, copy = tmp_path / "a.weights.h5", tmp_path / "b.weights.h5"
    first.save_weights(path)
    copy.write_bytes(path.read_bytes())
    second = small_model()
    second.provenance(f"{tag}-other")
    second.load_weights(copy)
    second.evaluate(*data(), verbose=0)
    assert lineage(ask, execution_of(second)) == [(execution_of(first), str(copy))]


def test_a_file_that_changed_since_it_was_read_links_nothing(
    tag: str, ask: Any, tmp_path: Path
) -> None:
    """What was read is not what is there now: the path is recorded, and no digest."""
    path = tmp_path / "model.keras"
    small_model().save(path)
    model = keras.saving.load_model(path)
    path.write_bytes(b"something else")
    model.provenance(tag)
    model.fit(*data(), verbose=0)
    assert ask.set(tag, "iModelFile", "path, sha256") == [(str(path), None)]


def test_what_nobody_captures_is_not_recorded(tag: str, ask: Any, tmp_path: Path) -> None:
    """An uncaptured model's files leave no task."""
    small_model().save(tmp_path / "plain.keras")
    trained(tag)
    files = ask.rows(
        'SELECT f.path FROM "public".file f WHERE f.path = %s', str(tmp_path / "plain.keras")
    )
    assert files == []


def test_a_save_that_fails_is_keras_own_error(tag: str, ask: Any, tmp_path: Path) -> None:
    """Nothing is recorded of a file that was not written."""
    model = trained(tag)
    with pytest.raises(ValueError, match="Invalid filepath extension"):
        model.save(tmp_path / "model.unknown")
    transformations = ask.rows(
        'SELECT x.tag FROM "public".data_transformation x JOIN "public".dataflow d '
        "ON d.id = x.df_id WHERE d.tag = %s",
        tag,
    )
    assert ("savingmodel",) not in transformations


def test_the_trained_model_is_stored_by_its_content(tag: str, ask: Any) -> None:
    """MODEL stores the model under its digest; loaded again it predicts the same."""
    model = trained(tag, hyps={"MODEL": True})
    ((path, kind, size, sha256, *_),) = ask.set(tag, "oModelFile", COLUMNS)
    stored = Path(path)
    assert (kind, stored.stat().st_size, digest(stored)) == ("artifact", size, sha256)
    assert stored.stem == sha256
    again = keras.saving.load_model(stored)
    x, _ = data()
    assert (again.predict(x, verbose=0) == model.predict(x, verbose=0)).all()


@pytest.mark.thorough
def test_storing_the_model_leaves_names_and_randomness(tag: str) -> None:
    """What a program makes after a training with MODEL is named and seeded as without it."""
    outcomes = []
    for hyps in ({}, {"MODEL": True}):
        keras.backend.clear_session()
        trained(tag, hyps=hyps)
        outcomes.append((keras.layers.Dense(1).name, random.random(), keras.random.normal((1,))))
    assert outcomes[0] == outcomes[1]


class Odd(keras.layers.Dense):
    """A layer whose configuration makes a Keras object that draws a seed, and may fail."""

    error: BaseException | None = None

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().get_config()
        keras.initializers.GlorotUniform()
        if self.error is not None:
            raise self.error
        return config


def stored_odd_model(tag: str, **provenance: Any) -> Any:
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), Odd(1, activation=lambda x: x * 2)])
    model.compile("sgd", lambda y, predicted: keras.ops.abs(y - predicted))
    model.provenance(tag, **provenance)
    # what TensorFlow has used `tempfile` for while it traced is of no interest here
    forget = keras.callbacks.LambdaCallback(
        on_train_end=lambda _: setattr(tempfile, "tempdir", None)
    )
    model.fit(*data(), verbose=0, callbacks=[forget])
    return model


def test_storing_a_model_draws_and_warns_nothing(tag: str, ask: Any) -> None:
    """What layers draw and Keras warns of in our saving is not the program's, and hurts nobody."""
    drawn = []
    for hyps in ({}, {"MODEL": True}):
        with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
            warnings.simplefilter("error")
            filters, held = warnings.filters, list(warnings.filters)
            patch.setattr(random, "setstate", None)  # it would be another thread's state as well
            stored_odd_model(tag, hyps=hyps)
            assert (warnings.filters, tempfile.tempdir) == (held, None)
            assert warnings.filters is filters
        drawn.append(random.random())
    assert drawn[0] == drawn[1]
    assert [Path(path).suffix for (path,) in ask.set(tag, "oModelFile", "path")] == [".keras"]


def test_what_the_program_saves_warns_as_ever(tag: str, tmp_path: Path) -> None:
    """The warning about a lambda is given to the program, of the line that Keras means."""
    model = stored_odd_model(tag)
    with pytest.warns(UserWarning, match="includes a `lambda`") as caught:
        model.save(tmp_path / "model.keras")
    assert {Path(each.filename).name for each in caught if "lambda" in str(each.message)} == {
        "__init__.py",
        "serialization_lib.py",
    }


@pytest.mark.parametrize("error", [OSError, KeyError, RuntimeError, AttributeError, RecursionError])
def test_weights_alone_are_stored_of_what_cannot_be_saved(
    error: type[Exception], tag: str, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a layer raises when it is asked for its configuration."""
    monkeypatch.setattr(Odd, "error", error("odd"))
    model = stored_odd_model(tag, hyps={"MODEL": True})
    ((path,),) = ask.set(tag, "oModelFile", "path")
    assert path.endswith(".weights.h5")
    model.load_weights(path)


def test_the_artifact_store_may_be_any_url(
    tag: str, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KERAS_PROV_ARTIFACTS names a place that fsspec knows."""
    import fsspec

    monkeypatch.setenv("KERAS_PROV_ARTIFACTS", f"memory://{tag}")
    trained(tag, hyps={"MODEL": True})
    ((url, sha256),) = ask.set(tag, "oModelFile", "path, sha256")
    with fsspec.open(url, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == sha256


def test_a_map_of_shards_names_files_beside_it_alone(tmp_path: Path) -> None:
    """Not other folders', links that lead elsewhere, pipes, devices; nor is a bad map an error."""
    from dfanalyzer_client.fingerprints.shards import shards_of

    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("b.weights.h5", "a.weights.h5", "unnamed.h5"):
        (folder / name).write_bytes(name.encode())
    (tmp_path / "outside").write_text("private")
    (folder / "out").symlink_to("../outside")
    (folder / "inside").symlink_to("a.weights.h5")
    (folder / "circle").symlink_to("circle")
    (folder / "zero").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    bad = [
        *("../outside", "/etc/hostname", "/dev/zero", "out", "circle", "zero", "pipe", "folder"),
        *("", ".", "..", "nowhere", "model/../a.weights.h5", "\0", "\ud800", 7, None, ["x"], {}),
    ]
    named = {"/x": ["b.weights.h5", *bad], "/y": "a.weights.h5", "/z": ["inside"], "/w": 3}
    map_ = folder / "model.weights.json"
    map_.write_text(json.dumps({"weight_map": named}))
    assert shards_of(map_) == [folder / "a.weights.h5", folder / "b.weights.h5"]
    link = tmp_path / "model.weights.json"  # as a cache of downloads has it, with the shards
    link.symlink_to(map_)
    (tmp_path / "a.weights.h5").symlink_to(folder / "a.weights.h5")
    assert shards_of(link) == [tmp_path / "a.weights.h5"]
    for text in ("", "[]", "{}", '{"weight_map": 3}', "[" * 100_000, "\xff"):
        map_.write_bytes(text.encode("latin-1"))
        assert shards_of(map_) == []
    map_.unlink()
    os.mkfifo(map_)
    assert shards_of(map_) == []


def test_loading_ends_whatever_a_map_names(tag: str, tmp_path: Path, ask: Any) -> None:
    """Weights whose map was tampered with are loaded and recorded as Keras reads them."""
    model = keras.Sequential([keras.layers.Input((64,)), *(keras.layers.Dense(64) for _ in "ab")])
    model.compile("sgd", "mse")
    path = tmp_path / "w.weights.json"
    model.save_weights(path, max_shard_size=0.00002)
    content = json.loads(path.read_text())
    shards = {name for names in content["weight_map"].values() for name in names}
    content["weight_map"]["/extra"] = ["/dev/zero", "../../../../../../etc/hostname"]
    path.write_text(json.dumps(content))
    model.provenance(tag, hyps={"LEARNING_RATE": True})
    model.load_weights(path)
    model.fit(np.ones((2, 64)), np.ones((2, 64)), epochs=1, verbose=0)
    found = [
        name
        for (name,) in ask.rows(
            'SELECT name FROM "public".file f JOIN "public".task t '
            'ON t.id = f.task_id JOIN "public".dataflow_execution e ON e.id = t.df_exec JOIN '
            '"public".dataflow d ON d.id = e.df_id WHERE d.tag = %s',
            tag,
        )
    ]
    assert sorted(set(found)) == sorted({path.name, *shards})

"""Files that are written beside Keras' saving: exports, checkpoints, logs and backups."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import keras_prov as keras
from dfanalyzer_client.support.digest import file_digest
from small_models import data, small_model

COLUMNS = "path, kind, callback, epoch_id, size, sha256"


def trained(tag: str, *callbacks: Any, epochs: int = 2) -> Any:
    model = small_model()
    model.provenance(tag)
    model.fit(*data(), epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


def written(ask: Any, tag: str, folder: Path) -> list[tuple[Any, ...]]:
    """Path, kind, callback and epoch of what is there still; each with its size and hash."""
    found = []
    for path, kind, callback, epoch, *rest in ask.set(tag, "oModelFile", COLUMNS):
        if Path(path).exists() and kind != "weights":
            assert tuple(rest) == file_digest(path), path
            found.append((Path(path).relative_to(folder).as_posix(), kind, callback, epoch))
    return found


def test_logs_and_backups_of_callbacks(tag: str, ask: Any, tmp_path: Path) -> None:
    """What CSVLogger, TensorBoard and BackupAndRestore wrote, once for each training that did."""
    (tmp_path / "board" / "train").mkdir(parents=True)
    (tmp_path / "board" / "train" / "of another").write_text("before")
    callbacks = keras.callbacks
    log = callbacks.CSVLogger(tmp_path / "log.csv")
    board = callbacks.TensorBoard(tmp_path / "board")
    backup = callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
    model = trained(tag, log, board, backup)
    found = written(ask, tag, tmp_path)
    files = [(Path(path).name.partition(".")[0], *rest) for path, *rest in found]
    assert files == [
        ("log", "log", "CSVLogger", 1),
        ("events", "log", "TensorBoard", 1),
        ("training_metadata", "backup", "BackupAndRestore", 1),
    ]
    model.fit(*data(), verbose=0)
    assert len(written(ask, tag, tmp_path)) == len(files)
    tasks = ask.rows(
        f'SELECT count(*) FROM "public".file f JOIN "{tag}".omodelfile o '
        "ON o.savingmodel_task_id = f.task_id AND o.sha256 = f.sha256 WHERE f.mode = 'written'"
    )
    assert tasks == [(len(ask.set(tag, "oModelFile")),)]


def test_exports_and_checkpoints_of_tensorflow(tag: str, ask: Any, tmp_path: Path) -> None:
    """By Model.export, ExportArchive, tf.saved_model.save, tf.train.Checkpoint and its manager."""
    import tensorflow as tf

    model = trained(tag)
    model.export(tmp_path / "exported", verbose=False)
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [keras.InputSpec(shape=(None, 4), dtype="float32")]
    archive.add_endpoint("serve", model.call, input_signature=signature)
    archive.write_out(tmp_path / "archive", verbose=False)
    tf.saved_model.save(model, str(tmp_path / "saved"))
    checkpoint = tf.train.Checkpoint(model=model)
    checkpoint.write(str(tmp_path / "written"))
    checkpoint.save(str(tmp_path / "numbered"))
    tf.train.CheckpointManager(
        tf.train.Checkpoint(optimizer=model.optimizer), str(tmp_path / "managed"), 1
    ).save()
    tf.train.Checkpoint(v=tf.Variable(1.0)).write(str(tmp_path / "of nobody"))
    two = ("data-00000-of-00001", "index")
    assert written(ask, tag, tmp_path) == [
        ("exported", "export", None, 1),
        ("archive", "export", None, 1),
        ("saved", "export", None, 1),
        *((f"written.{each}", "checkpoint", None, 1) for each in two),
        *((f"numbered-1.{each}", "checkpoint", None, 1) for each in two),
        *((f"managed/ckpt-1.{each}", "checkpoint", None, 1) for each in two),
    ]
    other = small_model()
    tf.train.Checkpoint(model=other).read(str(tmp_path / "written"))
    other.provenance(tag)
    other.fit(*data(), verbose=0)
    lineage = ask.rows(
        'SELECT DISTINCT previous_execution FROM "public".lineage WHERE execution = %s',
        other.get_dataflow().exec_tag,
    )
    assert lineage == [(model.get_dataflow().exec_tag,)]


def test_keras_callback_of_orbax(tag: str, ask: Any, tmp_path: Path) -> None:
    """Each of its checkpoints, which are written in the background, with its epoch."""
    pytest.importorskip("orbax.checkpoint")
    if not hasattr(keras.callbacks, "OrbaxCheckpoint"):
        pytest.skip("not in this Keras")
    trained(tag, keras.callbacks.OrbaxCheckpoint(tmp_path / "steps", max_to_keep=2))
    assert written(ask, tag, tmp_path) == [
        ("steps/0", "checkpoint", "OrbaxCheckpoint", 0),
        ("steps/1", "checkpoint", "OrbaxCheckpoint", 1),
    ]


@pytest.mark.thorough
def test_orbax_and_pytorch_by_themselves(home: Path, tag: str, ask: Any, tmp_path: Path) -> None:
    """Their files are those of the only model; they are imported by nobody, and left untouched."""
    pytest.importorskip("orbax.checkpoint")
    pytest.importorskip("torch")
    script = """
    import json, operator, sys
    import numpy as np
    import keras_prov as keras
    tag, folder = sys.argv[1:3]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.provenance(tag)
    model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
    assert not {"tensorflow", "orbax"} & set(sys.modules)
    model.export(f"{folder}/model.pt2", format="torch", verbose=False)
    import orbax.checkpoint as orbax
    arrays = {"w": np.ones(3)}
    orbax.PyTreeCheckpointer().save(f"{folder}/now", arrays)
    later = orbax.StandardCheckpointer()
    later.save(f"{folder}/later", arrays)
    later.wait_until_finished()
    with orbax.CheckpointManager(f"{folder}/managed") as manager:
        for step in (1, 2):
            manager.save(step, args=orbax.args.StandardSave(arrays))
        manager.wait_until_finished()

    import tensorflow
    def states():
        return [
            vars(operator.attrgetter(*path)(module) if path else module)[name]
            for home, names in json.loads(sys.argv[3]).items()
            for module in [sys.modules[home]]
            for *path, name in [each.split(".") for each in names]
        ]

    patched = states()
    keras.uninstrument()
    plain = states()
    assert all(old is not new for old, new in zip(patched, plain, strict=True))
    assert [getattr(each, "__wrapped__", plain) for each in patched] == plain
    """
    command = [sys.executable, "-c", textwrap.dedent(script), tag, str(tmp_path), json.dumps(HOMES)]
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_PROV_HOME": str(home)}
    subprocess.run(command, env=environment, check=True)
    assert written(ask, tag, tmp_path) == [
        ("model.pt2", "export", None, 0),
        *((name, "checkpoint", None, 0) for name in ("now", "later", "managed/1", "managed/2")),
    ]


HOMES = {
    "keras.src.models.model": ["Model.export"],
    "tensorflow.python.saved_model.save": ["save_and_return_nodes"],
    "tensorflow.python.checkpoint.checkpoint": ["Checkpoint._write", "Checkpoint.read"],
    "orbax.checkpoint._src.checkpointers.checkpointer": ["Checkpointer.save"],
    "orbax.checkpoint._src.checkpointers.async_checkpointer": [
        "AsyncCheckpointer.save",
        "AsyncCheckpointer.wait_until_finished",
    ],
}
"""What we wrap, by module."""

"""Saving without Keras: by TensorFlow (SavedModel, ``tf.train.Checkpoint``) and by Orbax.

Neither is imported here: see `WhenImported`. A SavedModel or a checkpoint of TensorFlow belongs to
the models in it. Orbax gets only arrays: they belong to the model whose callback saves them, else
to the only model that was trained.
"""

from __future__ import annotations

import glob
import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, NamedTuple

import keras

from dfanalyzer_client.file import WRITTEN

from .._artifacts.model_files import CHECKPOINT, EXPORT, file_facts, remember_load
from .._guard import guarded
from .._identity_map import WeakIdentityMap
from .._instrumentation.change import Change, Original
from .._instrumentation.patch import Patch
from .._instrumentation.post_import import WhenImported
from .._recording.execution import Execution
from .._recording.registry import executions_of, known_execution, only_execution, uncaptured_in
from .._tracking.frames import calling_callback
from .exporting import record_written
from .saving import call_and_record, calling_callbacks_name

__all__ = ["PATCHES"]

SAVED_MODEL = "tensorflow.python.saved_model.save"
TF_CHECKPOINT = "tensorflow.python.checkpoint.checkpoint"
ORBAX = "orbax.checkpoint._src.checkpointers.checkpointer"
ORBAX_ASYNC = "orbax.checkpoint._src.checkpointers.async_checkpointer"

_guard = guarded("a checkpoint of Orbax", lost="that checkpoint")


class _PendingSave(NamedTuple):
    """What an asynchronous checkpointer of Orbax is writing, for which execution, and when."""

    execution: Execution
    folder: str
    callback: str | None
    epoch: int | None


_pending: WeakIdentityMap[_PendingSave] = WeakIdentityMap()
"""By checkpointer: each writes one checkpoint at a time."""


def _around_saved_model(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def record(_: Any) -> None:
        folder = args[1] if len(args) > 1 else kwargs.get("export_dir")
        record_written(executions_of(args[0]), [folder], EXPORT)

    return call_and_record(original, args, kwargs, record)


def _around_tf_write(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def record(prefix: Any) -> None:
        if isinstance(prefix, str):  # it is a tensor while a function is traced
            record_written(executions_of(_objects_of(args[0])), _files_of(prefix), CHECKPOINT)

    return call_and_record(original, args, kwargs, record)


def _around_tf_read(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def record(_: Any) -> None:
        prefix = str(args[1] if len(args) > 1 else kwargs.get("save_path"))
        for execution in executions_of(_objects_of(args[0])):
            for path in _files_of(prefix):
                execution.record_loaded(file_facts(path, CHECKPOINT))
        for model in uncaptured_in(_objects_of(args[0])):
            for path in _files_of(prefix):
                remember_load(model, path, CHECKPOINT, None)

    return call_and_record(original, args, kwargs, record)


def _objects_of(checkpoint: Any) -> Any:
    return getattr(checkpoint, "_root", None), dict(getattr(checkpoint, "_kwargs", None) or {})


def _files_of(prefix: str) -> list[str]:
    """The files of a checkpoint, of which TensorFlow knows only how their names begin."""
    escaped = glob.escape(prefix)
    index = glob.glob(f"{escaped}.index")  # noqa: PTH207  # pathlib has no glob of a prefix
    data = glob.glob(f"{escaped}.data-*")  # noqa: PTH207  # likewise
    return sorted([*index, *data])


def _around_orbax_save(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    execution = _saving()

    def record(_: Any) -> None:
        record_written([execution] if execution else [], [_folder(args, kwargs)], CHECKPOINT)

    return call_and_record(original, args, kwargs, record)


def _around_async_save(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    execution = _saving()
    result = original(*args, **kwargs)  # waits for the previous checkpoint
    with _guard:
        _record_finished(args[0])
        folder = _folder(args, kwargs)
        if execution is not None and folder is not None:
            pending = _PendingSave(execution, folder, calling_callbacks_name(), execution.epoch)
            _pending.set(args[0], pending)
    return result


def _around_wait(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = original(*args, **kwargs)
    with _guard:
        _record_finished(args[0])
    return result


def _record_finished(checkpointer: Any) -> None:
    pending = _pending.pop(checkpointer)
    if pending is not None:
        for fact in file_facts(pending.folder, CHECKPOINT, pending.callback):
            pending.execution.record_file(replace(fact, epoch=pending.epoch), WRITTEN)


def _folder(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    given = args[1] if len(args) > 1 else kwargs.get("directory")
    return None if given is None else str(given)


def _saving() -> Execution | None:
    with _guard:
        callback = calling_callback(sys._getframe(1))
        model = getattr(callback, "_model", None)
        return known_execution(model) if isinstance(model, keras.Model) else only_execution()
    return None


def _in(module: str, name: str) -> Callable[[], type | ModuleType]:
    return lambda: getattr(sys.modules[module], name)


PATCHES: tuple[Change, ...] = (
    WhenImported(
        SAVED_MODEL,
        lambda: [  # `tf.saved_model.save` looks it up there
            Patch(lambda: sys.modules[SAVED_MODEL], "save_and_return_nodes", _around_saved_model)
        ],
        "what tf.saved_model.save writes",
    ),
    WhenImported(
        TF_CHECKPOINT,
        lambda: [
            Patch(_in(TF_CHECKPOINT, "Checkpoint"), "_write", _around_tf_write),
            Patch(_in(TF_CHECKPOINT, "Checkpoint"), "read", _around_tf_read),
        ],
        "what tf.train.Checkpoint writes and reads",
    ),
    WhenImported(
        ORBAX,
        lambda: [Patch(_in(ORBAX, "Checkpointer"), "save", _around_orbax_save)],
        "checkpoints of Orbax",
    ),
    WhenImported(
        ORBAX_ASYNC,
        lambda: [
            Patch(_in(ORBAX_ASYNC, "AsyncCheckpointer"), "save", _around_async_save),
            Patch(_in(ORBAX_ASYNC, "AsyncCheckpointer"), "wait_until_finished", _around_wait),
        ],
        "asynchronous checkpoints of Orbax",
    ),
)

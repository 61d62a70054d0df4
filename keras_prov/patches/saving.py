"""Saving and loading: which files models and their weights are written to and read from.

Everything in Keras that saves or loads (`Model.save`, `save_weights`, `keras.saving`,
ModelCheckpoint, BackupAndRestore, `load_model`, `load_weights`) ends in these functions of two
modules. Keras looks them up there at each call, so no public name is patched.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from dfanalyzer_client.file import READ, WRITTEN

from .._artifacts.model_files import MODEL, WEIGHTS, file_facts, note_unclaimed, remember_load
from .._guard import guarded
from .._instrumentation.change import Change, Original
from .._instrumentation.patch import Patch
from .._recording.registry import known_execution
from .._tracking.frames import calling_callback
from .._tracking.saving import unrecorded

__all__ = ["PATCHES", "call_and_record", "calling_callbacks_name"]

_LIBRARY = "keras.src.saving.saving_lib"
_HDF5 = "keras.src.legacy.saving.legacy_h5_format"
_guard = guarded("saving or loading a model", lost="which file was written or read")


def _record_written(model: Any, path: Any, kind: str) -> None:
    execution = known_execution(model)
    if execution is None:
        note_unclaimed(path, kind, WRITTEN)
    else:
        for fact in file_facts(path, kind, calling_callbacks_name()):
            execution.record_file(fact, WRITTEN)


def _record_read(model: Any, path: Any, kind: str) -> None:
    execution = known_execution(model)
    if execution is None:
        remember_load(model, path, kind, calling_callbacks_name())
        note_unclaimed(path, kind, READ)
        return
    for fact in file_facts(path, kind, calling_callbacks_name()):
        execution.record_file(fact, READ)


def calling_callbacks_name() -> str | None:
    """The class of the callback that is calling."""
    callback = calling_callback(sys._getframe(1))
    return type(callback).__name__ if callback is not None else None


def _around_save_model(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    model, path = args[0], _path(args, kwargs)
    return call_and_record(original, args, kwargs, lambda _: _record_written(model, path, MODEL))


def _around_load_model(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return call_and_record(
        original, args, kwargs, lambda loaded: _record_read(loaded, args[0], MODEL)
    )


def _around_save_weights(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    model, path = args[0], _path(args, kwargs)
    return call_and_record(original, args, kwargs, lambda _: _record_written(model, path, WEIGHTS))


def _around_load_weights(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    model, path = args[0], _path(args, kwargs)
    return call_and_record(original, args, kwargs, lambda _: _record_read(model, path, WEIGHTS))


def _around_load_group(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Weights from an HDF5 group, which knows its file."""
    model = args[1] if len(args) > 1 else kwargs.get("model")
    return call_and_record(
        original, args, kwargs, lambda _: _record_read(model, args[0].file.filename, WEIGHTS)
    )


def call_and_record(
    original: Original,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    record: Callable[[Any], None],
) -> Any:
    """Call the original and `record` the result, unless it is part of another saving or loading."""
    with unrecorded() as outermost:
        result = original(*args, **kwargs)
    if outermost:
        with _guard:
            record(result)
    return result


def _path(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[1] if len(args) > 1 else kwargs.get("filepath")


def _module(name: str) -> Callable[[], ModuleType]:
    return lambda: importlib.import_module(name)


PATCHES: tuple[Change, ...] = (
    Patch(_module(_LIBRARY), "save_model", _around_save_model),
    Patch(_module(_LIBRARY), "load_model", _around_load_model),
    Patch(_module(_LIBRARY), "save_weights_only", _around_save_weights),
    Patch(_module(_LIBRARY), "load_weights_only", _around_load_weights),
    Patch(_module(_HDF5), "save_model_to_hdf5", _around_save_model),
    Patch(_module(_HDF5), "load_model_from_hdf5", _around_load_model),
    Patch(_module(_HDF5), "load_weights_from_hdf5_group", _around_load_group),
    Patch(_module(_HDF5), "load_weights_from_hdf5_group_by_name", _around_load_group),
)

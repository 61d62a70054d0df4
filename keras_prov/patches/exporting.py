"""Exports: ``Model.export`` in any of its formats, and ``keras.export.ExportArchive``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras

from dfanalyzer_client.file import WRITTEN

from .._artifacts.model_files import EXPORT, file_facts
from .._instrumentation.call_arguments import bound_arguments
from .._instrumentation.change import Change, Original
from .._instrumentation.patch import Patch
from .._recording.execution import Execution
from .._recording.registry import executions_of
from .saving import call_and_record, calling_callbacks_name

__all__ = ["PATCHES", "record_written"]

ARCHIVE = "keras.src.export.saved_model_export_archive"
WEIGHTS_FILES = {".xml": [".bin"], ".onnx": [".onnx.data"]}
"""Suffixes of formats that keep the weights in a second file, and of that file."""


def _around_export(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    bound = bound_arguments(original, args, kwargs)
    path = None if bound is None else bound.arguments.get("filepath")

    def record(_: Any) -> None:
        record_written(executions_of(args[0]), _with_weights(path), EXPORT)

    return call_and_record(original, args, kwargs, record)


def record_written(executions: Iterable[Execution], paths: Iterable[Any], kind: str) -> None:
    """Record files with all of the executions; a folder counts as one file."""
    known, callback = list(executions), calling_callbacks_name()
    facts = [fact for path in paths for fact in file_facts(path, kind, callback)] if known else []
    for execution in known:
        for fact in facts:
            execution.record_file(fact, WRITTEN)


def _with_weights(path: Any) -> Iterator[Any]:
    if not isinstance(path, (str, os.PathLike)):
        return
    yield path
    text = os.fsdecode(path)
    for suffix, others in WEIGHTS_FILES.items():
        for other in others if text.endswith(suffix) else ():
            second = Path(text.removesuffix(suffix) + other)
            if second.is_file():
                yield second


def _archive() -> type:
    """The class that writes; older versions of Keras have only one."""
    module = sys.modules.get(ARCHIVE)
    found: type = module.SavedModelExportArchive if module else keras.export.ExportArchive
    return found


PATCHES: tuple[Change, ...] = (
    Patch(lambda: keras.Model, "export", _around_export),
    Patch(_archive, "write_out", _around_export),
)

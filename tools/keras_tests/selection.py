"""The test files of Keras that are run."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

__all__ = ["LEAN", "LEFT_OUT", "SERIAL", "is_lean", "keras_tests", "selected", "source_folder"]

LEAN = (
    "callbacks/",
    "layers/layer_test.py",
    "models/",
    "optimizers/",
    "saving/",
    "trainers/",
)
"""Tests of what is patched in Keras."""

NOT_LEAN = (
    "callbacks/orbax_checkpoint_test.py",  # of another library, and slow
    "trainers/data_adapters/",  # before what is patched
)

LEFT_OUT = (
    *("applications/applications_test.py", "applications/imagenet_utils_test.py"),
    *(
        f"ops/{name}_test.py"
        for name in (
            *("core", "einops", "image", "linalg", "math", "nn", "node", "numpy"),
            *("operation_utils", "ops", "symbolic_arguments"),
        )
    ),
)
"""Never run: hours of arithmetic, and downloads, far from all our patches."""

SERIAL = ("wrappers/",)
"""Run in one process: the names of their parametrized tests differ between processes."""


def source_folder() -> Path:
    """The folder ``keras/src`` of the installed Keras, found without importing it."""
    spec = importlib.util.find_spec("keras")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("Keras is not installed: pip install keras")
    return Path(spec.origin).parent / "src"


def keras_tests(folder: Path | None = None) -> list[str]:
    """All test files that Keras ships, as paths below ``keras/src``."""
    root = folder or source_folder()
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*_test.py"))


def is_lean(file: str) -> bool:
    """Whether a file belongs to the lean selection."""
    return file.startswith(LEAN) and not file.startswith(NOT_LEAN)


def selected(files: Iterable[str], *, full: bool, only: Iterable[str] = ()) -> list[str]:
    """The files that a check runs.

    Args:
        files: paths below ``keras/src``, of this Keras or of a recorded one.
        full: all files but those in `LEFT_OUT`, instead of the lean selection.
        only: if given, only files whose path begins with one of these.
    """
    prefixes = tuple(only)
    return [
        file
        for file in files
        if file not in LEFT_OUT
        and (file.startswith(prefixes) if prefixes else full or is_lean(file))
    ]

"""While we save a model, Keras draws no random numbers and issues no warnings in that thread.

Random state and warning filters belong to the whole process. Restoring them afterwards would affect
other threads of the program. So Keras does not touch them: its seeds come from the system, the
warning about a `lambda` is not issued, and a variable accepts the argument `copy`, without which
NumPy 2 warns. Other threads, and savings that the program asks for, are unaffected.
"""

from __future__ import annotations

import functools
import importlib
import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

import keras

from .._artifacts.isolated_saving import is_isolated_saving, isolated_saving_folder
from .._instrumentation.attributes import Replacement
from .._instrumentation.change import Change, Original
from .._instrumentation.patch import Patch

__all__ = ["PATCHES"]

MAX_SEED = int(1e9)

_system_random = random.SystemRandom()


def _around_array(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if "copy" not in kwargs or not is_isolated_saving():
        return original(*args, **kwargs)
    copy = kwargs.pop("copy")
    array = _array(original, args, kwargs)
    return array.copy() if copy else array


def _array(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    tensor: Any = getattr(args[0], "value", None)
    if len(args) == 1 and not kwargs and hasattr(tensor, "detach"):
        with suppress(TypeError):  # NumPy has no bfloat16
            return tensor.detach().cpu().numpy()  # as PyTorch's `__array__`, which has no `copy`
    return original(*args, **kwargs)


def _seeds(original: Callable[[], int]) -> Callable[[], int]:
    @functools.wraps(original)
    def make_default_seed() -> int:
        return _system_random.randint(1, MAX_SEED) if is_isolated_saving() else original()

    return make_default_seed


def _folders(original: Callable[[], str]) -> Callable[[], str]:
    @functools.wraps(original)
    def get_temp_dir() -> str:
        folder = isolated_saving_folder()  # or `tempfile` would remember its folder
        return original() if folder is None else tempfile.mkdtemp(dir=folder)

    return get_temp_dir


class _Warnings:
    """The module `warnings`, silent while we save a model."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def warn(self, *args: Any, stacklevel: int = 1, **kwargs: Any) -> None:
        """Warn about the line that Keras means, which is one call further up."""
        if not is_isolated_saving():
            self._module.warn(*args, stacklevel=stacklevel + 1, **kwargs)


def _module(name: str) -> Callable[[], ModuleType]:
    return lambda: importlib.import_module(name)


PATCHES: tuple[Change, ...] = (
    Patch(lambda: keras.Variable, "__array__", _around_array),
    Replacement(_module("keras.src.random.seed_generator"), "make_default_seed", _seeds),
    Replacement(lambda: keras.src.backend.random, "make_default_seed", _seeds),
    Replacement(_module("keras.src.saving.saving_lib"), "get_temp_dir", _folders),
    Replacement(_module("keras.src.saving.serialization_lib"), "warnings", _Warnings),
)

"""In a thread that saves a model of our own accord, Keras draws no number and warns of nothing.

Both are state of the whole process: giving back a random state, or warning filters, would do so
under the feet of the program's other threads. So Keras is kept from touching them: its seeds come
from elsewhere, the warning about a `lambda` is not given, and a variable takes the argument `copy`,
for want of which NumPy 2 warns. Other threads, and what the program saves itself, see Keras as is.
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
            return tensor.detach().cpu().numpy()  # PyTorch's own `__array__` takes no copy either
    return original(*args, **kwargs)


def _seeds(original: Callable[[], int]) -> Callable[[], int]:
    @functools.wraps(original)
    def make_default_seed() -> int:
        return _system_random.randint(1, MAX_SEED) if is_isolated_saving() else original()

    return make_default_seed


def _folders(original: Callable[[], str]) -> Callable[[], str]:
    @functools.wraps(original)
    def get_temp_dir() -> str:
        folder = isolated_saving_folder()  # else `tempfile` would remember where it puts things
        return original() if folder is None else tempfile.mkdtemp(dir=folder)

    return get_temp_dir


class _Warnings:
    """The module `warnings`, but for what is said in a saving of ours."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def warn(self, *args: Any, stacklevel: int = 1, **kwargs: Any) -> None:
        """Warn, of the line that Keras means, which is one call further away from here."""
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

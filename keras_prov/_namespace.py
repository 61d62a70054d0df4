"""Keras' modules under our name: ``keras_prov.X`` *is* ``keras.X``, the same object.

Every public module of Keras is in `sys.modules` a second time, as ``keras_prov.…``; a finder
does the same for those that are imported later. Only the top-level names are copied. So there is
one set of classes, and pickles and saved models name ``keras``.

Two other approaches do not work. Adding Keras' folder to ``__path__`` loads every class twice.
A module ``__getattr__`` (PEP 562) alone does not support ``import keras_prov.layers``.

Sources: https://docs.python.org/3/reference/import.html (finders, loaders and replacing a module in
`sys.modules`), https://peps.python.org/pep-0562/ (``__getattr__`` of a module).
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Collection, Iterator, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import keras

__all__ = ["adopt", "keras_attribute", "public_names"]

_KERAS = "keras"
_PACKAGE = __name__.partition(".")[0]
_PREFIX = f"{_KERAS}."
_MISSING = object()

# Our own modules win where Keras has one of the same name.
_OUR_MODULES = frozenset(
    module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])
)


def adopt(namespace: dict[str, Any], ours: Collection[str]) -> None:
    """Make `namespace`, the globals of our package, a drop-in replacement for those of Keras.

    Harmless when called again, also by a new copy of this module: ``keras.config.set_backend``
    unloads every module whose name starts with "keras", including ours.

    Args:
        namespace: where Keras' public names go.
        ours: our public names there, which we keep even if Keras introduces one of them.
    """
    for name in public_names():
        if name not in ours and name not in _OUR_MODULES:
            namespace[name] = getattr(keras, name)
    for name, module in _public_modules():
        sys.modules[name] = module
    _install_finder()


def public_names() -> list[str]:
    """The names that ``from keras import *`` should bring: all but Keras' source package."""
    return [name for name in vars(keras) if not name.startswith("_") and name != "src"]


def keras_attribute(name: str) -> Any:
    """The attribute `name` of `keras`: one added since, ``src``, or a private one.

    Raises:
        AttributeError: Keras has none either; the message names our package, as the user typed it.
    """
    if not name.startswith("__"):  # a module's internals, such as __warningregistry__
        value = getattr(keras, name, _MISSING)
        if value is not _MISSING:
            return value
    raise AttributeError(
        f"module {_PACKAGE!r} has no attribute {name!r}",
        name=name,
        obj=sys.modules.get(_PACKAGE),  # lets Python suggest the name that was meant
    )


class KerasFinder(Loader):
    """Finds ``keras_prov.X`` if Keras has a module X, and hands out that very module.

    It is first in `sys.meta_path`: the path of ``keras_prov.applications`` is Keras' folder, in
    which Python's own finder would find ``resnet50`` and load it a second time. For any other name
    it returns None at once.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of an alias; None if `fullname` is not one."""
        keras_name = _keras_name(fullname)
        spec = importlib.util.find_spec(keras_name) if keras_name else None
        if spec is None:
            return None
        alias = ModuleSpec(fullname, self, origin=spec.origin)
        alias.submodule_search_locations = spec.submodule_search_locations
        return alias

    def exec_module(self, module: ModuleType) -> None:
        """Put Keras' module in place of the empty `module` that Python has created.

        Python returns what it then finds in `sys.modules`. If `create_module` returned Keras'
        module instead, Python would write the alias' ``__spec__`` into it.
        """
        sys.modules[module.__name__] = importlib.import_module(_real_name(module.__name__))

    def get_code(self, fullname: str) -> CodeType | None:
        """What ``python -m`` runs: the code of Keras' module."""
        spec = importlib.util.find_spec(_real_name(fullname))
        loader: Any = spec.loader if spec else None
        code: CodeType | None = loader.get_code(_real_name(fullname))
        return code


def _install_finder() -> None:
    # compared by name: an earlier copy of this module had a class of its own
    sys.meta_path[:] = [
        finder
        for finder in sys.meta_path
        if (type(finder).__module__, type(finder).__name__) != (__name__, KerasFinder.__name__)
    ]
    sys.meta_path.insert(0, KerasFinder())


def _public_modules() -> Iterator[tuple[str, ModuleType]]:
    for name, module in sys.modules.copy().items():
        if not name.startswith(_PREFIX) or "._" in name:
            continue
        top = name.split(".")[1]
        if top != "src" and top not in _OUR_MODULES:
            yield _PACKAGE + name.removeprefix(_KERAS), module


def _keras_name(fullname: str) -> str | None:
    """Keras' name for `fullname`; None if it is not an alias."""
    package, _, rest = fullname.partition(".")
    if package != _PACKAGE or not rest or rest.partition(".")[0] in _OUR_MODULES:
        return None
    return f"{_KERAS}.{rest}"


def _real_name(fullname: str) -> str:
    return _KERAS + fullname.removeprefix(_PACKAGE)

"""Keras' modules under our name: ``keras_prov.X`` *is* ``keras.X``, the same object.

Every public module of Keras stands in `sys.modules` a second time, as ``keras_prov.…``; a finder
does the same for those that are imported later. Nothing is copied but the top names, so there is
one set of classes, and what is pickled or saved names ``keras``.

Two other ways were tried and left: adding Keras' folder to ``__path__`` loads every class twice,
and a module ``__getattr__`` (PEP 562) alone fails ``import keras_prov.layers``.

Sources: https://docs.python.org/3/reference/import.html (finders, loaders and what may replace a
module in `sys.modules`), https://peps.python.org/pep-0562/ (``__getattr__`` of a module).
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
_MISSING = object()

# Our own modules win where Keras has one of the same name.
_OUR_MODULES = frozenset(
    module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])
)


def adopt(namespace: dict[str, Any], ours: Collection[str]) -> None:
    """Make `namespace`, the globals of our package, a drop-in for Keras'.

    Harmless when called again, also by a new copy of this module: ``keras.config.set_backend``
    unloads every module whose name starts with "keras", ours too.

    Args:
        namespace: where Keras' public names go.
        ours: our public names there, which stay ours should Keras get one of the same name.
    """
    for name in public_names():
        if name not in ours and name not in _OUR_MODULES:
            namespace[name] = getattr(keras, name)
    for name, module in _public_modules():
        sys.modules[name] = module
    _install_finder()


def public_names() -> list[str]:
    """The names that ``from keras import *`` is meant to bring: all but Keras' source package."""
    return [name for name in vars(keras) if not name.startswith("_") and name != "src"]


def keras_attribute(name: str) -> Any:
    """What `keras` calls `name` now: a name it has got since, ``src``, or a private one.

    Raises:
        AttributeError: Keras has none either; it names our package, as it was typed.
    """
    if not name.startswith("__"):  # a module's own affairs, such as __warningregistry__
        value = getattr(keras, name, _MISSING)
        if value is not _MISSING:
            return value
    raise AttributeError(
        f"module {_PACKAGE!r} has no attribute {name!r}",
        name=name,
        obj=sys.modules.get(_PACKAGE),  # with it Python suggests the name that was meant
    )


class KerasFinder(Loader):
    """Finds ``keras_prov.X`` where it is Keras' module X, and hands out that very module.

    It stands first in `sys.meta_path`: the path of ``keras_prov.applications`` is Keras' folder, in
    which Python's own finder would find ``resnet50`` and load it a second time. For every name that
    is not Keras' under ours it answers None at once.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of an alias, or None where `fullname` is not ours to give."""
        keras_name = _keras_name(fullname)
        spec = importlib.util.find_spec(keras_name) if keras_name else None
        if spec is None:
            return None
        alias = ModuleSpec(fullname, self, origin=spec.origin)
        alias.submodule_search_locations = spec.submodule_search_locations
        return alias

    def exec_module(self, module: ModuleType) -> None:
        """Put Keras' module in the place of the empty `module` that Python has made.

        Python returns what it then finds in `sys.modules`. Handing it out in `create_module`
        instead would let Python write the alias' ``__spec__`` into Keras' module.
        """
        sys.modules[module.__name__] = importlib.import_module(_real_name(module.__name__))

    def get_code(self, fullname: str) -> CodeType | None:
        """What ``python -m`` runs: the code of Keras' module."""
        spec = importlib.util.find_spec(_real_name(fullname))
        loader: Any = spec.loader if spec else None
        code: CodeType | None = loader.get_code(_real_name(fullname))
        return code


def _install_finder() -> None:
    # By name: the class of an earlier copy of this module is another one.
    sys.meta_path[:] = [
        finder
        for finder in sys.meta_path
        if (type(finder).__module__, type(finder).__name__) != (__name__, KerasFinder.__name__)
    ]
    sys.meta_path.insert(0, KerasFinder())


def _public_modules() -> Iterator[tuple[str, ModuleType]]:
    for name, module in sys.modules.copy().items():
        if not name.startswith(f"{_KERAS}.") or "._" in name:
            continue
        top = name.split(".")[1]
        if top != "src" and top not in _OUR_MODULES:
            yield _PACKAGE + name.removeprefix(_KERAS), module


def _keras_name(fullname: str) -> str | None:
    """Keras' name for `fullname`, or None where it is no alias."""
    package, _, rest = fullname.partition(".")
    if package != _PACKAGE or not rest or rest.partition(".")[0] in _OUR_MODULES:
        return None
    return f"{_KERAS}.{rest}"


def _real_name(fullname: str) -> str:
    return _KERAS + fullname.removeprefix(_PACKAGE)

"""Which distributions the imported modules come from, and their versions.

`importlib.metadata.packages_distributions` reads all file lists of the installation, which takes
150 ms for a hundred packages. Here names and versions come from the names of the metadata folders,
and most top-level modules from small files. File lists are read only for the rest, the likely ones
first.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from .._guard import guarded

__all__ = ["imported_packages"]

_METADATA = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+).*)?\.(?:dist|egg)-info")
_VERSION = re.compile(r"^Version:\s*(\S+)", re.MULTILINE)

DRIVERS = ("pymonetdb", "tenacity")
"""The exporter's thread imports them when it first stores. They are listed from the start, so that
later trainings have the same packages."""

BESIDE_TORNADO = ("tornado", "colorama")
"""tenacity imports tornado if that is installed, and tornado imports colorama likewise."""


@dataclass(frozen=True)
class _Distribution:
    """One installed distribution, by its metadata folder."""

    folder: Path
    name: str
    stated_version: str | None

    @cached_property
    def version(self) -> str:
        if self.stated_version is not None:
            return self.stated_version
        found = _VERSION.search(self._text("PKG-INFO") or self._text("METADATA"))
        return found[1] if found else ""

    @cached_property
    def modules(self) -> frozenset[str]:
        """Its top-level modules; empty if the metadata do not list them."""
        return frozenset(self._text("top_level.txt").split())

    @cached_property
    def files(self) -> str:
        """Its list of files, one per line."""
        return "\n" + (self._text("RECORD") or self._text("SOURCES.txt"))

    def has(self, path: str) -> bool:
        """Whether it installed the file `path`, relative to the folder of its packages."""
        return f"\n{path}," in self.files or f"\n{path}\n" in self.files  # RECORD, SOURCES.txt

    def may_have(self, top: str) -> bool:
        """Whether it may contain a top-level module or folder, as far as its metadata tell."""
        return not self.modules or top in self.modules

    def is_origin(self, file: str | None) -> bool:
        """Whether a module with this file is imported from here: a user's may have its name."""
        is_editable = (self.folder / "direct_url.json").exists()
        return is_editable or (file or "").startswith(f"{self.folder.parent}{os.sep}")

    def _text(self, name: str) -> str:
        with suppress(OSError):
            return (self.folder / name).read_text(encoding="utf-8", errors="replace")
        return ""


_found: dict[str, dict[str, str]] = {}
"""By module: the names and versions of its distributions, looked up so far."""


def imported_packages() -> dict[str, str]:
    """Names and versions of the distributions whose modules are imported, in order of name.

    Names are normalized (``scikit-learn``). Modules without a distribution are left out. Results
    are cached: the next call looks up only modules that were imported since.
    """
    modules = sorted({*_top_modules(sys.modules), *_drivers()})
    if new := [name for name in modules if name not in _found]:
        _look_up(new)
    return dict(sorted(pair for name in modules for pair in _found[name].items()))


def _top_modules(modules: Mapping[str, object]) -> list[str]:
    """Top-level modules that have a file; of a namespace, the modules in it."""
    keys: list[object] = list(modules)  # anything may be among them
    listed = [name for name in keys if isinstance(name, str)]
    names = {name for name in listed if "." not in name} - sys.stdlib_module_names
    namespaces = {name for name in names if _file(modules.get(name)) is None}
    children = {
        ".".join(parts[:2])
        for parts in (name.split(".", 2) for name in listed)
        if len(parts) > 1 and parts[0] in namespaces
    }
    inner = {name for name in children if _file(modules.get(name)) is not None}
    return sorted((names - namespaces) | inner)


def _file(module: object) -> str | None:
    """The file of a module, without calling a `__getattr__` that would load something.

    `sys.modules` may hold anything: objects of cffi claim to be modules and are not.
    """
    if not issubclass(type(module), ModuleType):
        return None
    found = object.__getattribute__(module, "__dict__").get("__file__")
    return found if isinstance(found, str) else None


def _drivers() -> Iterator[str]:
    others = BESIDE_TORNADO if _is_installed("tornado") else ()
    return filter(_is_installed, (*DRIVERS, *others))


def _is_installed(module: str) -> bool:
    return module in sys.modules or find_spec(module) is not None


def _look_up(names: Iterable[str]) -> None:
    installed = list(_installed())
    listed: dict[str, list[_Distribution]] = {}
    for distribution in installed:
        for module in distribution.modules or [distribution.name.replace("-", "_")]:
            listed.setdefault(module, []).append(distribution)
    for name in names:
        _found[name] = {}
        with guarded(f"looking up the module {name}", lost=f"the package of {name}"):
            file = _file_of(name)
            found = [each for each in listed.get(name, ()) if each.is_origin(file)]
            if not found and file is not None:
                found = _owner(file, installed, listed)
            _found[name] = {each.name: each.version for each in found}


def _file_of(name: str) -> str | None:
    """The file of a module, which may not have been imported yet."""
    if name in sys.modules:
        return _file(sys.modules[name])
    spec = find_spec(name)
    return None if spec is None else spec.origin


def _owner(
    file: str, installed: Sequence[_Distribution], listed: Mapping[str, list[_Distribution]]
) -> list[_Distribution]:
    """The distribution that installed a file, by their lists of files; a file has one at most."""
    for folder in {each.folder.parent for each in installed}:
        prefix = f"{folder}{os.sep}"
        if not file.startswith(prefix):
            continue
        path = file.removeprefix(prefix).replace(os.sep, "/")
        top = path.partition("/")[0]
        others = sorted(installed, key=lambda each: _unlikeness(path, each.name))
        for each in [*listed.get(top, ()), *others]:
            if each.folder.parent == folder and each.may_have(top) and each.has(path):
                return [each]
    return []


def _unlikeness(path: str, distribution: str) -> int:
    """How unlikely it is by its name that a distribution installed a file; lower is likelier."""
    top, name = path.partition("/")[0], distribution.replace("-", "_")
    if top in name or name in path:
        return 0
    return 1 if top[0] == name[0] else 2


def _installed() -> Iterator[_Distribution]:
    """The distributions on the import path; of two with the same name, the first one."""
    seen = set()
    path: list[object] = list(sys.path)
    folders = [entry for entry in path if isinstance(entry, str)]  # anything else imports nothing
    for folder in dict.fromkeys(folders):
        for entry in _metadata_folders(folder or "."):
            if (parts := _METADATA.fullmatch(entry)) is None:
                continue
            name = re.sub("[-_.]+", "-", parts["name"]).lower()
            if name not in seen:
                seen.add(name)
                yield _Distribution(_absolute(folder) / entry, name, parts["version"])


def _absolute(folder: str) -> Path:
    try:
        return Path(folder).absolute()
    except OSError:  # the working directory has been removed
        return Path(folder)


def _metadata_folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith("-info"))
    except OSError:  # a zip file, or missing
        return []

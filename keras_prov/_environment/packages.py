"""Which distributions the imported modules came from, and their versions.

`importlib.metadata.packages_distributions` reads every file list of the installation, 150 ms for a
hundred packages. Here the names of the metadata folders tell names and versions, small files
tell most top-level modules, and file lists are read for what is left alone.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from .._guard import guarded

__all__ = ["imported_packages"]

_METADATA = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+).*)?\.(?:dist|egg)-info")
_VERSION = re.compile(r"^Version:\s*(\S+)", re.MULTILINE)


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
        """Its top-level modules; none where the metadata do not list them."""
        return frozenset(self._text("top_level.txt").split())

    @cached_property
    def files(self) -> str:
        """Its list of files, each at the beginning of a line."""
        return "\n" + (self._text("RECORD") or self._text("SOURCES.txt"))

    def has(self, module: str) -> bool:
        path = module.replace(".", "/")
        return f"\n{path}/" in self.files or f"\n{path}." in self.files

    def may_have(self, module: str) -> bool:
        """Whether its metadata leave open that it brings the module `module`."""
        return not self.modules or module.partition(".")[0] in self.modules

    def _text(self, name: str) -> str:
        with suppress(OSError):
            return (self.folder / name).read_text(encoding="utf-8", errors="replace")
        return ""


_found: dict[str, dict[str, str]] = {}
"""Names and versions of the distributions of each module that this process has looked up."""


def imported_packages() -> dict[str, str]:
    """Names and versions of the distributions whose modules are imported, in order of name.

    Names are normalized (``scikit-learn``). Modules of no distribution have no place here. What was
    found is remembered: the next call looks up only what was imported since.
    """
    modules = _top_modules(sys.modules)
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
    """The file of a module, read past any `__getattr__` that would load something.

    Anything may be among the modules: cffi's say that they are of a module's class, and are not.
    """
    if not issubclass(type(module), ModuleType):
        return None
    found = object.__getattribute__(module, "__dict__").get("__file__")
    return found if isinstance(found, str) else None


def _look_up(names: Iterable[str]) -> None:
    installed = list(_installed())
    listed: dict[str, list[_Distribution]] = {}
    for each in installed:
        for module in each.modules or [each.name.replace("-", "_")]:
            listed.setdefault(module, []).append(each)
    for name in names:
        _found[name] = {}
        with guarded(f"looking up the module {name}", lost=f"the package of {name}"):
            found = listed.get(name) or [
                each for each in installed if each.may_have(name) and each.has(name)
            ]
            _found[name] = {each.name: each.version for each in found if _is_there(each, name)}


def _is_there(distribution: _Distribution, module: str) -> bool:
    """Whether the module was imported from there: a user's file may have the same name."""
    file = _file(sys.modules.get(module)) or ""
    editable = (distribution.folder / "direct_url.json").exists()
    return editable or file.startswith(str(distribution.folder.parent) + os.sep)


def _installed() -> Iterator[_Distribution]:
    """The distributions on the import path; of two of one name the first is the one in use."""
    seen = set()
    path: list[object] = list(sys.path)
    folders = [each for each in path if isinstance(each, str)]  # others import nothing
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
    except OSError:  # somebody has removed the working directory
        return Path(folder)


def _metadata_folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith("-info"))
    except OSError:  # no folder: a zip file, or one that is not there
        return []

"""The program's own files: its script, and the modules beside it that are imported.

They are what a commit does not name if they were changed, or were never committed. Installed
packages are not among them: their versions are recorded.
"""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dfanalyzer_client.keras_schema.names import MASK
from dfanalyzer_client.support.digest import file_digest

from .._notebook.shell import main_namespace

__all__ = ["MAX_FILES", "source_files", "source_folder"]

MAX_FILES = 500
MAX_BYTES = 1 << 20
"""Of a file. Larger ones are data that a program has made."""

OURS = ("keras_prov", "dfanalyzer_client")
"""Our own modules, which lie beside the script if that is in a clone of our repository."""

_seen: dict[tuple[str, ...], tuple[set[tuple[str, int]], set[str]]] = {}
"""By folders: the names and ids of the modules that were looked at, and the files found."""

_digests: dict[tuple[str, int, int], str] = {}
"""By path, size and time of the last change."""


def source_folder() -> Path | None:
    """The folder that the program's modules are imported from; None without a script.

    For `python -m package.module`, it is the folder that the package is in.
    """
    main = main_namespace()
    file, spec = main.get("__file__"), main.get("__spec__")
    if not isinstance(file, str) or not Path(file).is_file():
        return None
    path = Path(file).resolve()
    name = getattr(spec, "name", None)
    folder = path.parents[name.count(".")] if isinstance(name, str) else path.parent
    return None if _is_installed(path) else folder


def source_files() -> Iterator[tuple[str, str]]:
    """Paths below `source_folder`, and the SHA-256 of the files there now.

    Of more than `MAX_FILES`, the last pair says how many are left out.
    """
    folder = source_folder()
    if folder is None:
        return
    found = sorted(
        {path for path in _imported(folder) if path.is_file() and not _is_installed(path)}
    )
    for path in found[:MAX_FILES]:
        digest = _digest(path)
        if digest is not None:
            yield path.relative_to(folder).as_posix(), digest
    if len(found) > MAX_FILES:
        yield MASK, f"{len(found) - MAX_FILES} more files"


def _imported(folder: Path) -> Iterator[Path]:
    """The script, and the files of imported modules that are below a folder."""
    main = main_namespace().get("__file__")
    if isinstance(main, str):
        yield Path(main).resolve()
    folders = tuple({f"{each}{os.sep}" for each in (folder, Path(str(main)).absolute().parent)})
    for file in _files_below(folders):
        path = Path(file).resolve()
        if path.is_relative_to(folder):
            yield path


def _files_below(folders: tuple[str, ...]) -> set[str]:
    """The files of all imported modules that are below one of these folders.

    A program has thousands of modules, so later calls look only at those that have come since.
    """
    known, found = _seen.setdefault(folders, (set(), set()))
    modules: list[tuple[object, object]] = list(sys.modules.items())  # anything may be among them
    pairs = [(name, module) for name, module in modules if isinstance(name, str)]
    now = {(name, id(module)) for name, module in pairs}
    for name, module in pairs:
        if (name, id(module)) in known or name.partition(".")[0] in OURS:
            continue
        if issubclass(type(module), ModuleType):  # some objects only claim to be modules
            file = object.__getattribute__(module, "__dict__").get("__file__")
            if isinstance(file, str) and file.endswith(".py") and file.startswith(folders):
                found.add(file)
    known |= now
    return set(found)


def _is_installed(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _installed_folders())


@functools.cache
def _installed_folders() -> tuple[Path, ...]:
    """Where packages, the standard library and installed commands are."""
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    found = [sysconfig.get_path(name) for name in names]
    found += [*site.getsitepackages(), site.getusersitepackages()]
    executable = str(Path(sys.executable).parent)
    resolved = [Path(folder).resolve() for folder in [*found, executable] if folder]
    return tuple(dict.fromkeys(resolved))


def _digest(path: Path) -> str | None:
    """The SHA-256 of a file; None if it is gone or too large to be source code."""
    try:
        known = path.stat()
        if known.st_size > MAX_BYTES:
            return None
        key = (str(path), known.st_size, known.st_mtime_ns)
        if key not in _digests:
            _digests[key] = file_digest(path)[1]
        return _digests[key]
    except OSError:
        return None

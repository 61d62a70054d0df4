"""Write a crate to a folder or a zip file, completely or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import CrateError

__all__ = ["METADATA", "crate_folder"]

METADATA = "ro-crate-metadata.json"
STORED = (".keras", ".h5", ".zip", ".gz")
"""Suffixes of files that compression does not make smaller."""


@contextmanager
def crate_folder(target: Path, force: bool) -> Iterator[Path]:
    """A folder to write into, which becomes the target, or is zipped to it, at the end.

    Raises:
        CrateError: the target exists, or cannot be written.
    """
    _refuse_to_overwrite(target, force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".crate-", dir=target.parent) as name:
            folder = Path(name) / "crate"
            folder.mkdir()
            yield folder
            if is_zip(target):
                _zip(folder, Path(name) / "zip").replace(target)
            else:
                _clear(target)
                folder.rename(target)
    except OSError as error:
        raise CrateError(f"The crate {target} cannot be written: {error}.") from error


def is_zip(target: Path) -> bool:
    """Whether the crate becomes one file."""
    return target.suffix.lower() == ".zip"


def _refuse_to_overwrite(target: Path, force: bool) -> None:
    if not os.path.lexists(target) or _is_empty_folder(target):
        if is_zip(target) and target.is_dir():
            raise CrateError(f"{target} is a folder, but a crate of that name would be a file.")
        return
    if not force:
        raise CrateError(f"{target} exists. Name another place, or replace it with --force.")
    if is_zip(target) != target.is_file():
        kind = "file" if target.is_file() else "folder"
        raise CrateError(f"{target} is a {kind}, but a crate of that name would not be one.")
    if target.is_dir() and not (target / METADATA).is_file():
        raise CrateError(
            f"{target} is a folder with something other than a crate in it, which is not removed. "
            "Name another place."
        )


def _is_empty_folder(target: Path) -> bool:
    return target.is_dir() and not any(target.iterdir())


def _clear(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)


def _zip(folder: Path, target: Path) -> Path:
    """Zip a folder reproducibly: files in the order of their names, without dates."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.external_attr = 0o644 << 16
            if path.suffix not in STORED:
                entry.compress_type = zipfile.ZIP_DEFLATED
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
    return target

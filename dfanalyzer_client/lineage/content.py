"""What a file is, by its content: the same digests as capture records.

Files are only read, and only regular ones: a pipe or a device is never opened.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DfAnalyzerError
from ..fingerprints.shards import SHARDED, shards_of
from ..support.digest import file_digest

__all__ = ["Content", "FileError", "Fingerprint", "content_of", "with_fingerprints"]

FOLDER_MARKS = (
    "saved_model.pb",
    "_CHECKPOINT_METADATA",
    "_METADATA",
    "_sharding",
    "manifest.ocdbt",
    ".metadata",
    "metadata",
    "model.weights.json",
)
"""A folder with one of these is a SavedModel, or a checkpoint of Orbax or PyTorch."""

CSV_BYTES = 256 << 20
"""A larger table is not parsed: it would take too long."""


class FileError(DfAnalyzerError):
    """A file whose origin is asked cannot be read, or is none."""


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of the data in a file, as DATASET stores it.

    Attributes:
        part: the array's name in the file; empty if the file is one array or table.
        hash: as ``sha256:…``.
        kind: ``whole``, or how it was sampled.
    """

    part: str
    hash: str
    kind: str


@dataclass(frozen=True)
class Content:
    """The content of a file or folder.

    Attributes:
        path: absolute.
        size: in bytes.
        sha256: in hexadecimal digits.
        is_folder: whether it is a folder.
        parts: the files that it names and that belong to it, such as shards of weights.
        fingerprints: of the data in it.
    """

    path: Path
    size: int
    sha256: str
    is_folder: bool = False
    parts: tuple[Content, ...] = ()
    fingerprints: list[Fingerprint] = field(default_factory=list)


def content_of(path: Path, *, is_recorded: bool) -> Content:
    """The content of the file at a path.

    Args:
        path: absolute.
        is_recorded: whether a folder at this path was recorded, so that it is one to read.

    Raises:
        FileError: there is none, it is none, or it cannot be read.
    """
    try:
        is_folder = path.is_dir()
        if is_folder and not is_recorded and not _is_model(path):
            raise FileError(
                f"{path} is a folder, and no SavedModel or checkpoint is in it: name a file, or "
                "the folder of a saved model."
            )
        size, sha256 = file_digest(path)
        shards = shards_of(path) if path.name.endswith(SHARDED) and not is_folder else []
        parts = tuple(Content(shard, *file_digest(shard)) for shard in shards)
    except OSError as error:
        raise _unreadable(path, error) from None
    return Content(path, size, sha256, is_folder, parts)


def with_fingerprints(content: Content) -> Content:
    """The same content with the fingerprints of its data, if it is a file of data."""
    found = [] if content.is_folder else list(_fingerprints(content.path))
    return Content(
        content.path, content.size, content.sha256, content.is_folder, content.parts, found
    )


def _is_model(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        names = {entry.name for entry in entries}
    return any(mark in names for mark in FOLDER_MARKS)


def _unreadable(path: Path, error: OSError) -> FileError:
    if error.errno == errno.ENOENT:
        return FileError(f"There is no file {path}.")
    if error.errno == errno.EINVAL:
        return FileError(f"{path} is no regular file, but a pipe, a device or the like.")
    return FileError(f"{path} cannot be read: {error.strerror or error}.")


def _fingerprints(path: Path) -> Iterator[Fingerprint]:
    """Those of the arrays or the table in a file; none if it holds none, or not what it says."""
    readers = {".npy": _of_array, ".npz": _of_arrays, ".csv": _of_table}
    read = readers.get(path.suffix.lower())
    if read is None:
        return
    try:
        yield from read(path)
    except (OSError, ValueError, EOFError, KeyError, ImportError, MemoryError):
        return


def _of_array(path: Path) -> Iterator[Fingerprint]:
    import numpy as np

    yield from _hashed("", np.load(path, mmap_mode="r", allow_pickle=False))


def _of_arrays(path: Path) -> Iterator[Fingerprint]:
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            yield from _hashed(name, arrays[name])


def _of_table(path: Path) -> Iterator[Fingerprint]:
    """Those of a CSV file as `pandas.read_csv` reads it, and of its values as one array."""
    if path.stat().st_size > CSV_BYTES:
        return
    from importlib import import_module  # pandas is optional, and has types of its own

    from ..fingerprints.table_hash import table_hash

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = import_module("pandas").read_csv(path)
    found = table_hash(table)
    if found is not None:
        yield Fingerprint("", found.hash, found.kind)
    yield from _hashed("values", table.to_numpy())


def _hashed(part: str, array: Any) -> Iterator[Fingerprint]:
    from ..fingerprints.content_hash import array_hash

    found = array_hash(array)
    if found is not None:
        yield Fingerprint(part, found.hash, found.kind)

"""Where artifacts are stored: in a folder of the local disk, or behind any fsspec URL.

Both write under a temporary name first, so that a file is stored whole or not at all, and both may
be written by several processes at once.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from importlib import import_module  # fsspec has no types
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import unquote, urlsplit

from dfanalyzer_client.errors import DfAnalyzerError
from dfanalyzer_client.support.descriptors import open_private
from dfanalyzer_client.support.regular_file import blocks_of, open_regular

from .._secrets import without_credentials

__all__ = ["ArtifactError", "Storage", "storage_of"]

LOCAL = ("file://", "local://")
EXTRAS = {
    "abfs": "abfs",
    "abfss": "abfs",
    "adl": "adl",
    "az": "abfs",
    "gcs": "gs",
    "gs": "gs",
    "hdfs": "hdfs",
    "http": "http",
    "https": "http",
    "oci": "oci",
    "s3": "s3",
    "s3a": "s3",
    "sftp": "sftp",
    "smb": "smb",
    "ssh": "ssh",
}
"""The extra of fsspec that installs a scheme's library."""


class ArtifactError(DfAnalyzerError):
    """An artifact cannot be stored or read. The message has the URL without credentials."""


class Storage(Protocol):
    """A folder of artifacts; names are relative to it."""

    display_url: str

    def size(self, name: str) -> int | None:
        """Size of a file in bytes; None if there is no such file."""

    def put(self, path: Path, name: str, move: bool) -> None:
        """Store a copy of the file, or move the file itself; whole or not at all."""

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder; empty if there is no such folder."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""


def storage_of(url: str) -> Storage:
    """The storage at a path or URL.

    Raises:
        ArtifactError: the URL's scheme is unknown, or its library is not installed.
    """
    if "::" in url:
        raise ArtifactError(
            "The artifact store is one folder or one URL, not a chain of URLs with '::'. "
            f"Received: {without_credentials(url)!r}."
        )
    if url.startswith(LOCAL):
        return _LocalFolder(Path(unquote(urlsplit(url).path)).absolute())
    if "://" in url:
        return _Remote(url)
    return _LocalFolder(Path(url).expanduser().absolute())


class _LocalFolder:
    """A folder of the local disk; only the user may read what we create there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.display_url = str(root)

    def size(self, name: str) -> int | None:
        path = self._root / name
        return path.stat().st_size if path.is_file() else None

    def put(self, path: Path, name: str, move: bool) -> None:
        target = self._root / name
        for folder in (self._root, target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = target.parent / f".{uuid.uuid4().hex}.part"
        try:
            if not (move and _try_rename(path, temporary)):
                _copy(path, temporary)
            temporary.chmod(0o600)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def names(self, folder: str) -> list[str]:
        path = self._root / folder
        return [file.name for file in path.iterdir()] if path.is_dir() else []

    def open(self, name: str) -> IO[bytes]:
        return open_regular(self._root / name)


class _Remote:
    """A folder behind an fsspec file system."""

    def __init__(self, url: str) -> None:
        self._fs, root = _file_system(url)
        self._root = root.rstrip("/")
        self.display_url = without_credentials(url).rstrip("/")

    def size(self, name: str) -> int | None:
        self._fs.invalidate_cache()
        path = f"{self._root}/{name}"
        return int(self._fs.size(path)) if self._fs.exists(path) else None

    def put(self, path: Path, name: str, move: bool) -> None:
        target = f"{self._root}/{name}"
        folder, _, _ = target.rpartition("/")
        self._fs.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{uuid.uuid4().hex}.part"
        try:
            self._fs.put_file(str(path), temporary)
            self._fs.mv(temporary, target)
        except Exception:
            with suppress(Exception):  # the first error is the one to report
                self._fs.rm_file(temporary)
            if self.size(name) != path.stat().st_size:  # or another writer was first
                raise

    def names(self, folder: str) -> list[str]:
        self._fs.invalidate_cache()
        path = f"{self._root}/{folder}"
        if not self._fs.isdir(path):
            return []
        return [path.rpartition("/")[2] for path in self._fs.ls(path, detail=False)]

    def open(self, name: str) -> IO[bytes]:
        file: IO[bytes] = self._fs.open(f"{self._root}/{name}", "rb")
        return file


def _file_system(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path in it."""
    display_url, scheme = without_credentials(url), url.partition("://")[0]
    try:
        file_system, root = import_module("fsspec.core").url_to_fs(url)
    except ImportError as error:
        raise ArtifactError(
            f"The artifact store {display_url} needs a library that is not installed: {error}. "
            f"Install it with: pip install 'fsspec[{EXTRAS.get(scheme, 'full')}]'"
        ) from None
    except Exception as error:  # each library has its own
        raise ArtifactError(
            f"Cannot use the artifact store {display_url}: {without_credentials(str(error))}. "
            "Expected a folder, or a URL that fsspec knows, such as s3://bucket/models."
        ) from None
    return file_system, root


def _try_rename(path: Path, target: Path) -> bool:
    try:
        path.rename(target)
    except OSError:  # another disk
        return False
    return True


def _copy(path: Path, target: Path) -> None:
    with (
        open_regular(path) as source,
        open(target, "xb", opener=open_private) as copy,
    ):
        for block in blocks_of(source):
            copy.write(block)

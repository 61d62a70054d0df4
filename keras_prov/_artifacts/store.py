"""The artifact store: files by their content, in a folder or behind any fsspec URL.

An artifact is stored as ``<root>/<first two digits>/<SHA-256><suffix>``. So the same content is
stored once, however many trainings put it there, and can be checked against its name. A folder of
the local disk is written without fsspec, atomically, and readable only by the user.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dfanalyzer_client.config import settings
from dfanalyzer_client.support.digest import file_digest, stream_digest
from dfanalyzer_client.support.safe_home import check_home

from .._secrets import without_credentials
from .backends import ArtifactError, storage_of

__all__ = ["Artifact", "ArtifactError", "ArtifactStore", "file_digest"]

COMPOUND_SUFFIXES = (".weights.h5", ".weights.json", ".tar.gz")
"""Suffixes with a dot inside. Keras recognizes weights by the whole suffix."""


@dataclass(frozen=True)
class Artifact:
    """A stored file.

    Attributes:
        url: where it is: a path on the local disk, else a URL without credentials.
        size: in bytes.
        sha256: of its content, in hexadecimal digits.
    """

    url: str
    size: int
    sha256: str


class ArtifactStore:
    """Files by their content.

    Args:
        url: a folder, or a URL that fsspec knows (``s3://bucket/models``); by default the folder
            ``artifacts`` in the data folder.

    Raises:
        ArtifactError: the URL's scheme is unknown, or its library is not installed.
        UnsafeHomeError: others may write to the data folder.
    """

    def __init__(self, url: str | os.PathLike[str] | None = None) -> None:
        if not url:
            check_home(settings.home(), "artifacts", deep=True)
        self._storage = storage_of(os.fspath(url) if url else str(settings.home() / "artifacts"))

    @property
    def url(self) -> str:
        """Where the store is, without credentials."""
        return self._storage.display_url

    def put(self, path: str | os.PathLike[str], *, move: bool = False) -> Artifact:
        """Store a file, unless its content is stored already.

        Args:
            path: the file.
            move: whether the file itself may be moved into the store, which avoids a copy.

        Raises:
            ArtifactError: there is no such file, or it cannot be stored.
        """
        path = Path(path)
        with self._errors("store", str(path)):
            if not path.is_file():
                raise ArtifactError(
                    f"An artifact is a file, and {str(path)!r} is not one. Save the model as one "
                    "file (model.keras), or pack the folder first."
                )
            size, sha256 = file_digest(path)
            name = f"{sha256[:2]}/{sha256}{_suffix(path)}"
            if self._storage.size(name) != size:
                self._storage.put(path, name, move)
            artifact = Artifact(f"{self._storage.display_url}/{name}", size, sha256)
            if move and path.absolute() != Path(artifact.url):
                path.unlink(missing_ok=True)
            return artifact

    def open(self, sha256: str) -> IO[bytes]:
        """Open the artifact with this SHA-256 for reading.

        Raises:
            ArtifactError: it is not in the store, or cannot be read.
        """
        with self._errors("read", sha256):
            return self._storage.open(self._name(sha256))

    def verify(self, sha256: str) -> bool:
        """Whether the artifact's content still matches its name.

        Raises:
            ArtifactError: it is not in the store, or cannot be read.
        """
        with self._errors("read", sha256), self._storage.open(self._name(sha256)) as file:
            return stream_digest(file) == sha256.lower()

    def _name(self, sha256: str) -> str:
        if not re.fullmatch("[0-9a-fA-F]{64}", sha256):
            raise ArtifactError(
                f"An artifact is named by the 64 hexadecimal digits of its SHA-256. "
                f"Received: {sha256!r}."
            )
        folder = sha256[:2].lower()
        for name in sorted(self._storage.names(folder)):
            if name.startswith(sha256.lower()):
                return f"{folder}/{name}"
        raise ArtifactError(f"No artifact {sha256} in {self.url}. Expected one that was put there.")

    @contextmanager
    def _errors(self, verb: str, what: str) -> Iterator[None]:
        """Raise errors of the disk or of any backend as `ArtifactError`, without credentials."""
        try:
            yield
        except ArtifactError:
            raise
        except Exception as error:  # each library has its own
            raise ArtifactError(
                f"Cannot {verb} the artifact {what} in {self.url}: "
                f"{type(error).__name__}: {without_credentials(str(error))}"
            ) from None


def _suffix(path: Path) -> str:
    return next((suffix for suffix in COMPOUND_SUFFIXES if path.name.endswith(suffix)), path.suffix)

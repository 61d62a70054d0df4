"""MLflow's tracking stores: which form one has, by what is there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...errors import ForeignDataError
from .mlflow_database import SQLITE_HEADER, MlflowDatabase
from .mlflow_files import MlflowFiles
from .source import Source

__all__ = ["mlflow_source"]

EXPECTED = "Expected an SQLite database (mlflow.db, sqlite:///…) or a folder such as mlruns."
SQLITE, FILE = "sqlite:///", "file"


def mlflow_source(location: str, dataflow: str | None = None, *, deleted: bool = False) -> Source:
    """The runs of a tracking store.

    Args:
        location: a path, or a URI as MLflow's tracking URIs are.
        dataflow: the tag of the dataflow for all runs; by default, each experiment's name.
        deleted: whether runs that were deleted in MLflow are imported.

    Raises:
        ForeignDataError: there is no store that can be read.
    """
    path = _path(location)
    try:
        if path.is_dir():
            return MlflowFiles(path, dataflow, deleted=deleted)
        with path.open("rb") as file:
            is_sqlite = file.read(len(SQLITE_HEADER)) == SQLITE_HEADER
    except OSError as error:
        raise ForeignDataError(f"{path} cannot be read: {error.strerror}. {EXPECTED}") from None
    if not is_sqlite:
        raise ForeignDataError(f"{path} is no SQLite database. {EXPECTED}")
    return MlflowDatabase(path, dataflow, deleted=deleted)


def _path(location: str) -> Path:
    """The path of a store; raises ForeignDataError for a server's URI."""
    if location.startswith(SQLITE):
        return Path(unquote(location.removeprefix(SQLITE)))
    parts = urlsplit(location)
    if parts.scheme == FILE and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    if parts.scheme and "://" in location:
        raise ForeignDataError(
            f"MLflow's stores are imported from files, not from a server at {parts.scheme}://…. "
            f"{EXPECTED}"
        )
    return Path(location)

"""The artifacts of executions: files in the artifact store, named by their content.

A row of the database may come from anybody. So a file is removed only if it lies in the configured
artifact store under the name that the store gives to that content.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..config import settings
from ..store.connection import Connection
from ..store.erasing.erase import StoredExecution
from ..store.schema import table

__all__ = ["Artifact", "artifacts_of", "remove_artifact"]

NAME = re.compile(r"(?P<folder>[0-9a-f]{2})/(?P<sha256>[0-9a-f]{64})(?:\.[A-Za-z0-9.]{1,32})?")
LOCAL = ("file://", "local://")


@dataclass(frozen=True)
class Artifact:
    """An artifact that only executions to be erased refer to.

    Attributes:
        place: its path, or its URL.
        size: in bytes, as it was recorded.
        path: the file to remove; None if it is not in the artifact store of this machine.
    """

    place: str
    size: int
    path: Path | None


def artifacts_of(
    connection: Connection, executions: Sequence[StoredExecution], home: Path
) -> list[Artifact]:
    """The artifacts that no other execution of this database refers to."""
    rows = connection.query(
        "SELECT DISTINCT f.path, f.sha256, f.size, b.df_exec "
        f"FROM {table('file')} f JOIN {table('task_begun')} b ON b.id = f.task_id "
        "WHERE f.sha256 IS NOT NULL"
    )
    ids = {execution.id for execution in executions}
    others = {sha256 for _, sha256, _, execution in rows if execution not in ids}
    root = _root(home)
    found = {
        path: Artifact(path, size or 0, _within(root, path))
        for path, sha256, size, execution in rows
        if execution in ids and sha256 not in others and _is_artifact(path, sha256)
    }
    return [
        artifact for artifact in found.values() if artifact.path is None or artifact.path.exists()
    ]


def remove_artifact(artifact: Artifact) -> bool:
    """Remove its file; returns whether it was there. Raises OSError."""
    if artifact.path is None or not artifact.path.exists():
        return False
    artifact.path.unlink(missing_ok=True)
    return True


def _is_artifact(path: str | None, sha256: str) -> bool:
    name = NAME.fullmatch("/".join((path or "").split("/")[-2:]))
    return name is not None and name["sha256"] == sha256 and name["folder"] == sha256[:2]


def _root(home: Path) -> Path | None:
    """The folder of the artifact store; None if it is behind a URL."""
    url = settings.artifacts()
    if not url:
        return home / "artifacts"
    if url.startswith(LOCAL):
        return Path(unquote(urlsplit(url).path)).absolute()
    return None if "://" in url else Path(url).expanduser().absolute()


def _within(root: Path | None, path: str) -> Path | None:
    if root is None or "://" in path:
        return None
    file = Path(path)
    is_there = file.parent.parent == root and not file.is_symlink()
    return file if is_there and file.parent.resolve() == root.resolve() / file.parent.name else None

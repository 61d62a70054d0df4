"""Answer where a file came from, from its content and the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..config import settings
from ..config.store_url import StoreURL
from ..delivery.leftovers import drain_leftovers
from ..store import Connection, reader_connection
from ..store.reading import Catalogue
from .content import Content, Fingerprint, content_of, with_fingerprints
from .facts import ExecutionFacts, facts_of
from .relatives import Relative, ancestors, descendants
from .uses import Use, check_contents, data_uses, file_uses, uses_at

__all__ = ["FileOrigin", "origin", "origin_with"]

DEPTH = 2

FLUSH_SECONDS = 30.0
"""How long storing what this process has recorded may take."""

EXPLAINED = 5
"""So many executions are explained, the newest writers first; the others are only named."""

KNOWN, CHANGED, UNKNOWN = "known", "changed", "unknown"


@dataclass
class FileOrigin:
    """Where a file came from, and what came of it.

    Attributes:
        path: the file, absolute.
        size: in bytes.
        sha256: of its content, in hexadecimal digits.
        fingerprints: of the data in it, as DATASET stores them.
        uses: who wrote it, read it or trained on its data, oldest first.
        before: who wrote or read something else at its path, oldest first.
        parts: the origins of the shards that it names.
        executions: the executions of `uses` that are explained, by id.
        ancestors: what these were derived from, by id.
        descendants: what was derived from these, by id.
        is_empty: whether there is no catalogue yet.
    """

    path: Path
    size: int
    sha256: str
    fingerprints: list[Fingerprint] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    before: list[Use] = field(default_factory=list)
    parts: list[FileOrigin] = field(default_factory=list)
    executions: dict[int, ExecutionFacts] = field(default_factory=dict)
    ancestors: dict[int, Relative] = field(default_factory=dict)
    descendants: dict[int, Relative] = field(default_factory=dict)
    is_empty: bool = False

    @property
    def writers(self) -> list[Use]:
        """Who wrote a file with this content."""
        return [use for use in self.uses if use.mode == "written"]

    @property
    def readers(self) -> list[Use]:
        """Who read such a file, trained on its data or tested with them."""
        return [use for use in self.uses if use.mode != "written"]

    @property
    def status(self) -> str:
        """``known``, ``changed`` or ``unknown``.

        A file is changed if the last that was recorded of its path is another content. A file whose
        path nobody recorded is known by its content, however it is called.
        """
        states = {part.status for part in self.parts}
        if CHANGED in states or self._was_replaced():
            return CHANGED
        if UNKNOWN in states or not self.uses:
            return UNKNOWN
        return KNOWN

    def to_dict(self) -> dict[str, Any]:
        """All of it, of types that JSON has."""
        found = asdict(self)
        found["path"], found["status"] = str(self.path), self.status
        found["parts"] = [part.to_dict() for part in self.parts]
        return found

    def _was_replaced(self) -> bool:
        if not self.before:
            return False
        same = [use.task_id for use in self.uses if use.path == self.before[-1].path]
        return not same or max(same) < self.before[-1].task_id


def origin(
    path: str | os.PathLike[str],
    *,
    depth: int = DEPTH,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> FileOrigin:
    """Where a file came from: a model, weights, a checkpoint, a log, or data.

    Files are recognized by their content, so one that was renamed or copied is found, too. What
    this process and ended ones of this machine have recorded is stored first.

    Args:
        path: the file, or the folder of a SavedModel or a checkpoint.
        depth: how many steps of derivation are followed in each direction.
        store: the store's URL; by default KERAS_PROV_STORE, else the private server.
        home: the data folder; by default KERAS_PROV_HOME.

    Raises:
        FileError: there is no such file, or it cannot be read.
        StoreError: the store cannot be reached, or refuses the login.
    """
    from ..delivery.clients import flush  # the command has no messages of its own

    url, folder = settings.store_url(store), settings.home(home)
    flush(FLUSH_SECONDS)
    drain_leftovers(url, folder)
    with reader_connection(url, folder) as connection:
        return origin_with(connection, path, depth=depth)


def origin_with(
    connection: Connection,
    path: str | os.PathLike[str],
    *,
    depth: int = DEPTH,
    explained: bool = True,
) -> FileOrigin:
    """As `origin`, over an open connection; without `explained`, only who used the file."""
    file = Path(path).expanduser().absolute()
    with connection.transaction():
        catalogue = Catalogue(connection)
        exists = catalogue.exists
        if exists:
            check_contents(catalogue)
        recorded = uses_at(connection, _spellings(file)) if exists else []
        content = content_of(file, is_recorded=bool(recorded))
        if not exists:
            return FileOrigin(file, content.size, content.sha256, is_empty=True)
        found = _of(connection, content, recorded)
        found.parts = [
            _of(connection, part, uses_at(connection, _spellings(part.path)))
            for part in content.parts
        ]
        if explained:
            _explain(connection, found, depth)
    return found


def _of(connection: Connection, content: Content, recorded: list[Use]) -> FileOrigin:
    uses = file_uses(connection, [content])
    if not uses:
        content = with_fingerprints(content)
        uses = data_uses(connection, content.fingerprints)
    before = [use for use in recorded if use.sha256 != content.sha256]
    return FileOrigin(
        content.path, content.size, content.sha256, content.fingerprints, uses, before
    )


def _explain(connection: Connection, found: FileOrigin, depth: int) -> None:
    newest = [*reversed(found.writers), *reversed(found.readers), *reversed(found.before)]
    ids = list(dict.fromkeys(use.df_exec for use in newest))[:EXPLAINED]
    found.executions = facts_of(connection, ids)
    for id_ in found.executions:
        found.ancestors[id_] = ancestors(connection, id_, depth)
        found.descendants[id_] = descendants(connection, id_, depth)


def _spellings(path: Path) -> list[str]:
    """A path as it may have been recorded: with its links, or without."""

    def spelled() -> Iterator[str]:
        yield str(path)
        yield os.path.abspath(path)  # noqa: PTH100  # Path.resolve would follow links
        try:
            yield str(path.resolve())
        except (OSError, RuntimeError):  # a circle of links
            return

    return list(dict.fromkeys(spelled()))

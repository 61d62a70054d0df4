"""Where a graph of lineage begins: at an execution, a file, or data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ..errors import UnknownTagError
from ..executions.summaries import find_execution
from ..store.connection import Connection
from .content import Content, Fingerprint
from .uses import Use, data_uses, file_uses, newest_content

__all__ = ["Start", "start_of"]

DIGEST = re.compile(r"(sha256:)?([0-9a-fA-F]{64})")


class Start(NamedTuple):
    """The executions that a graph begins with, and the hash of the content, if it is one."""

    ids: list[int]
    content: str | None = None


def start_of(connection: Connection, run: str | int | None, file: str | None) -> Start:
    """Where a graph begins; raises UnknownTagError.

    Args:
        connection: to the database.
        run: an execution: its id, its tag, the beginning of its tag, or ``last``.
        file: the path, the name or the SHA-256 of a file as it was recorded, or the hash of data as
            DATASET stores it; None if the graph begins at the execution.
    """
    if file is None:
        return Start([find_execution(connection, str("last" if run is None else run)).id])
    digest = DIGEST.fullmatch(file.strip())
    uses = _with_digest(connection, digest) if digest else _with_name(connection, file)
    if not uses:
        raise UnknownTagError(
            f"No execution wrote or read {file!r:.200}, or used it as data. Expected the path, the "
            "name or the SHA-256 of a file as it was recorded, or the hash of data, as sha256:…. "
            "`keras-prov origin FILE` looks at a file itself."
        )
    newest = uses[-1]
    content = newest.sha256 or f"sha256:{digest[2].lower() if digest else ''}"
    ids = dict.fromkeys(use.df_exec for use in reversed(uses) if use.sha256 == newest.sha256)
    return Start(list(ids), content)


def _with_digest(connection: Connection, digest: re.Match[str]) -> list[Use]:
    """Who used a file or data with a hash; data's are written with their algorithm."""
    text = digest[2].lower()
    data = [Fingerprint("", f"sha256:{text}", "")]
    if digest[1]:
        return data_uses(connection, data) or _files(connection, text)
    return _files(connection, text) or data_uses(connection, data)


def _with_name(connection: Connection, name: str) -> list[Use]:
    """Who used the newest content of a path, or of a name."""
    content = newest_content(connection, name)
    return [] if content is None else _files(connection, content)


def _files(connection: Connection, sha256: str) -> list[Use]:
    return file_uses(connection, [Content(Path(), 0, sha256)])

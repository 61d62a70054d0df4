"""Whether the files of a crate are those that its metadata describe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from ..errors import RerunError
from ..support.digest import file_digest
from ._recipe import inside

__all__ = ["altered_files"]

METADATA = "ro-crate-metadata.json"


def altered_files(crate: Path) -> Iterator[str]:
    """Paths of files whose SHA-256 is not the one in the metadata, or that are missing.

    Whoever changes both is not found: only a signature shows that.
    """
    try:
        graph = json.loads((crate / METADATA).read_text(encoding="utf-8"))["@graph"]
    except (OSError, ValueError, KeyError, TypeError):
        yield METADATA
        return
    for entity in graph:
        name, sha256 = entity.get("@id"), entity.get("sha256")
        if not isinstance(name, str) or not isinstance(sha256, str) or name.startswith("#"):
            continue
        try:
            if file_digest(inside(crate, unquote(name)))[1] != sha256:
                yield name
        except (OSError, RerunError):
            yield name

"""Where a file came from, for programs that are not to wait for what answers that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config.store_url import StoreURL
    from ..lineage import FileOrigin

__all__ = ["origin"]


def origin(
    path: str | os.PathLike[str],
    *,
    depth: int = 2,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> FileOrigin:
    """Where a file came from: as `dfanalyzer_client.origin`, whose arguments these are.

    Raises:
        FileError: there is no such file, or it cannot be read.
        StoreError: the store cannot be reached, or refuses the login.
    """
    from .. import lineage

    return lineage.origin(path, depth=depth, store=store, home=home)

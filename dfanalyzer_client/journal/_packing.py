"""Write a journal anew in the form that it has, compressed or not."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import IO, cast

__all__ = ["packed"]


def packed(raw: IO[bytes], journal: Path) -> IO[bytes]:
    """A writer to `raw`, which stays open; it compresses if the journal is compressed."""
    if journal.suffix != ".gz":
        return os.fdopen(os.dup(raw.fileno()), "wb")
    return cast("IO[bytes]", gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0))

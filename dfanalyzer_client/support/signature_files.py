"""Where signatures of executions are, unless another file is named."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

__all__ = ["signature_file", "timestamp_path"]

FOLDER = "signatures"
NAME_CHARACTERS = 100


def signature_file(home: Path, dataflow: str, execution: str) -> Path:
    """The file of an execution's signature in a data folder."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", execution)[:NAME_CHARACTERS]
    digest = hashlib.sha256(f"{dataflow}\0{execution}".encode()).hexdigest()
    return home / FOLDER / f"{name}-{digest[:8]}.json"


def timestamp_path(signature: Path) -> Path:
    """The file of a signature's timestamp."""
    return signature.with_name(f"{signature.name}.tsr")

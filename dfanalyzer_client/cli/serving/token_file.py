"""Read the token that requests to our servers carry, from a file that is its user's alone."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from ...config import settings
from ...errors import DfAnalyzerError

__all__ = ["read_token"]

MAX_TOKEN = 8192


def read_token(file: Path | None) -> str | None:
    """The token in a file, or that of KERAS_PROV_TOKEN; raises DfAnalyzerError."""
    if file is None:
        return settings.token()
    try:
        with file.open("rb") as opened:
            _check_private(file, os.fstat(opened.fileno()))
            text = opened.read(MAX_TOKEN).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DfAnalyzerError(f"The token file {file} cannot be read: {error}.") from None
    return settings.checked_token(text, str(file))


def _check_private(file: Path, found: os.stat_result) -> None:
    """Refuse a token file that others can read or change, as ssh does with keys."""
    if os.name != "posix":
        return
    mode, mine = stat.S_IMODE(found.st_mode), found.st_uid in (os.geteuid(), 0)
    # our group may read a file of root: systemd and Kubernetes mount secrets so
    others = 0o077 if found.st_uid == os.geteuid() else 0o027
    if mine and not mode & others:
        return
    raise DfAnalyzerError(
        f"The token file {file} has the mode {mode:04o} and belongs to user {found.st_uid}: others "
        "can read or change it, so its token is no secret. Create a new token, and protect its "
        f"file: chmod 600 {shlex.quote(str(file))}"
    )

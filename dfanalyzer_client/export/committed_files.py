"""The content of files in a commit, asked of git without running anything of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

__all__ = ["committed_file"]

SECONDS = 10.0
OPTIONS = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
WITHOUT_TRANSPORT = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}


def committed_file(repository: Path, commit: str, name: str) -> bytes | None:
    """The file `name` of a commit, as it is stored: no filter of the repository is run.

    Args:
        repository: the folder that has been checked out.
        commit: its digits.
        name: the path from there, with slashes.

    Returns:
        The content; None without git, without the repository, the commit or the file.
    """
    git = shutil.which("git")
    if git is None or not re.fullmatch("[0-9a-fA-F]{7,64}", commit) or not repository.is_dir():
        return None
    command = [git, *OPTIONS, "-C", str(repository), "cat-file", "blob", f"{commit}:{name}"]
    try:
        answer = subprocess.run(  # noqa: S603  # no shell; the commit is digits
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **WITHOUT_TRANSPORT},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None

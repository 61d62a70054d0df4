"""The commit that a folder's files are from, as git tells it without changing anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ._masking import masked

__all__ = ["git_state"]

TIMEOUT_SECONDS = 2.0
QUIETLY = (
    "--no-optional-locks",
    "-c", "core.fsmonitor=false",  # which would start a process that stays
)  # fmt: skip


def git_state(folder: Path) -> dict[str, str]:
    """What is checked out in the repository that `folder` is in.

    Returns:
        ``repository`` (its folder), ``commit``, ``branch`` (where one is checked out), ``remote``
        (URL of ``origin``, where there is one, without credentials) and ``dirty`` (``"true"`` when
        a tracked file differs from the commit). Nothing without git, without a repository and
        before the first commit; no ``dirty`` when git takes too long.
    """
    head = _ask(folder, "rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD")
    if head is None or len(lines := head.splitlines()) != 3:
        return {}
    repository, commit, branch = lines
    state = {"repository": repository, "commit": commit}
    if branch != "HEAD":
        state["branch"] = branch
    remote = _ask(folder, "config", "--get", "remote.origin.url")
    if remote and remote.strip():
        state["remote"] = masked(remote.strip())
    changes = _ask(folder, "status", "--porcelain", "--untracked-files=no")
    if changes is not None:
        state["dirty"] = "true" if changes else "false"
    return state


def _ask(folder: Path, *command: str) -> str | None:
    """The answer of git; None when there is none."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603  # the words are ours, but for the folder
            [git, *QUIETLY, "-C", str(folder), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.decode(errors="surrogateescape") if answer.returncode == 0 else None

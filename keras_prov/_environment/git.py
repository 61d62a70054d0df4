"""The commit that a folder's files are from. Asking git changes nothing.

A repository may be anybody's, unpacked from an archive with its ``.git``. So nothing that its
configuration names is run: no monitor, no hook, no content filter except Git LFS', no transport of
missing objects. Nor is a bare repository accepted among the files of another one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .._secrets import masked

__all__ = ["git_state"]

TIMEOUT_SECONDS = 2.0
CONFIGURATION = (
    "core.fsmonitor=false",  # or a process would be started that stays
    "core.hooksPath=/dev/null",
    "safe.bareRepository=explicit",
)
OPTIONS = ("--no-optional-locks", *(word for setting in CONFIGURATION for word in ("-c", setting)))
WITHOUT_TRANSPORT = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
FILTERS = r"^filter\..*\.(clean|process)$"
TRUSTED_FILTERS = ("git-lfs clean -- %f", "git-lfs filter-process")
OF_THE_USER = ("system", "global", "command")


def git_state(folder: Path) -> dict[str, str]:
    """What is checked out in the repository that `folder` is in.

    Returns:
        ``repository`` (its folder), ``commit``, ``branch`` (if one is checked out), ``remote`` (URL
        of ``origin``, if there is one, without credentials) and ``dirty`` (``"true"`` if a tracked
        file differs from the commit, or a submodule is at another commit). Empty without git,
        without a repository or before the first commit; no ``dirty`` if git takes too long.
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
    changes = _ask(
        folder,
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--ignore-submodules=dirty",
        **_without_filters(folder),
    )
    if changes is not None:
        state["dirty"] = "true" if changes else "false"
    return state


def _without_filters(folder: Path) -> dict[str, str]:
    """Environment variables that switch off content filters that the repository configures."""
    settings = [
        (f"filter.{name}.{key}", value)
        for name in _filters(folder)
        for key, value in (("clean", ""), ("process", ""), ("required", "false"))
    ]
    first = int(os.environ.get("GIT_CONFIG_COUNT", "").strip() or 0)
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))} if settings else {}
    for number, (key, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _filters(folder: Path) -> Iterator[str]:
    """Names of filters that neither the user nor the system has configured."""
    answer = _ask(folder, "config", "-z", "--show-scope", "--get-regexp", FILTERS) or ""
    words = answer.split("\0")
    for scope, setting in zip(words[::2], words[1::2], strict=False):
        key, _, value = setting.partition("\n")
        if scope not in OF_THE_USER and value not in TRUSTED_FILTERS:
            yield key.partition(".")[2].rpartition(".")[0]


def _ask(folder: Path, *command: str, **variables: str) -> str | None:
    """The output of git, run with these environment variables; None if it fails."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603  # all arguments but the folder are ours
            [git, *OPTIONS, "-C", str(folder), *command],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **WITHOUT_TRANSPORT, **variables},
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.decode(errors="surrogateescape") if answer.returncode == 0 else None

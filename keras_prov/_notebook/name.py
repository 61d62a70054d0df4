"""Which notebook this process is the kernel of.

Its front end may say so: Jupyter in a variable of the environment, VS Code in one of the notebook.
Older servers of Jupyter, and Colab, are asked; see `servers`.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import NamedTuple

from .servers import notebook_of_servers
from .shell import is_kernel, main_namespace, told_by_front_end

__all__ = ["UNKNOWN", "notebook_name", "notebook_path"]

UNKNOWN = "notebook"
"""The name of a notebook that nobody names, as with nbclient."""

OF_CELLS = ("__session__", "__vsc_ipynb_file__")
"""Variables in which front ends name their notebook."""

SHARED = "RTC:"
"""What Jupyter puts before the name of a notebook that several people edit at once."""


class _Answer(NamedTuple):
    """What servers said, in which process."""

    process: int
    path: str | None


_answers: list[_Answer] = []


def notebook_path() -> str | None:
    """The notebook's file, or its name only; None for a script, or if nobody names it."""
    if not is_kernel() and isinstance(main_namespace().get("__file__"), str):
        return None  # a script, though it may have been started from a notebook
    told = next(filter(None, map(told_by_front_end, OF_CELLS)), None)
    path = told or os.environ.get("JPY_SESSION_NAME") or _of_servers()
    return _without_prefix(path) if path else None


def notebook_name() -> str | None:
    """The name of the notebook's file, else ``notebook``; None where there are no cells."""
    path = notebook_path()
    if path is not None:
        return PurePath(path).name
    return UNKNOWN if is_kernel() else None


def _of_servers() -> str | None:
    """What servers say; they are asked once."""
    if not is_kernel():
        return None
    if not _answers or _answers[0].process != os.getpid():
        _answers[:] = [_Answer(os.getpid(), notebook_of_servers())]
    return _answers[0].path


def _without_prefix(path: str) -> str:
    file = Path(path)
    return str(file.with_name(file.name.removeprefix(SHARED))) if SHARED in file.name else path

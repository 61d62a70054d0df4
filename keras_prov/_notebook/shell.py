"""IPython's shell, if this process has one; IPython is never imported here.

Example:
    >>> current_cell()      # in the seventh cell that was run
    'In [7]'
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = [
    "cell_text",
    "current_cell",
    "current_number",
    "is_kernel",
    "main_namespace",
    "run_script",
    "shell",
    "told_by_front_end",
]


def shell() -> Any:
    """The shell of IPython or of a notebook's kernel; None elsewhere."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython() if callable(get_ipython) else None


def is_kernel() -> bool:
    """Whether this process is the kernel of a notebook, rather than IPython in a terminal."""
    return getattr(shell(), "kernel", None) is not None


def current_cell() -> str | None:
    """The cell that is running, as ``In [7]``; None without a shell."""
    number = current_number()
    return None if number is None else f"In [{number}]"


def current_number() -> int | None:
    """The number of the cell that is running.

    The shell keeps its text in a variable, ``_i7``, and then runs it; newer versions have counted
    on by then.
    """
    count = getattr(shell(), "execution_count", None)
    if not isinstance(count, int):
        return None
    return count if cell_text(count) is not None or count <= 1 else count - 1


def cell_text(number: int) -> str | None:
    """The text of a cell that was run; None if it is not kept."""
    text = _shell_namespace().get(f"_i{number}")
    return text if isinstance(text, str) else None


def told_by_front_end(name: str) -> str | None:
    """A text that a front end has set as a variable of the notebook."""
    value = _shell_namespace().get(name)
    return value if isinstance(value, str) and value else None


def run_script() -> list[str] | None:
    """The script of ``%run`` and its arguments, while it runs; None in a cell, or without a shell.

    It has replaced the main module and ``sys.argv``, as if Python had been started with it.
    """
    file = main_namespace().get("__file__")
    if shell() is None or not isinstance(file, str) or not sys.argv:
        return None
    return list(sys.argv) if Path(sys.argv[0]).name == Path(file).name else None


def _shell_namespace() -> Mapping[str, Any]:
    """The variables of all cells; those of the main module where there is no shell."""
    namespace: dict[str, Any] | None = getattr(shell(), "user_ns", None)
    return main_namespace() if namespace is None else namespace


def main_namespace() -> dict[str, Any]:
    """The variables of the main module: of a script, a prompt, or all cells of a notebook."""
    return vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}

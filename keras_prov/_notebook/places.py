"""Where code is: the file and line, or the cell of a notebook as people know it.

A cell's code is compiled under a name of IPython's, such as ``/tmp/ipykernel_31/2405.py``, which
means nothing to anybody later.

Example:
    >>> place("train.py", 12)
    'train.py:12'
    >>> place("/tmp/ipykernel_31/2405.py", 3)
    'train.ipynb, In [7], line 3'
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .name import UNKNOWN, notebook_name
from .shell import cell_text, current_number, shell

__all__ = ["Place", "place", "place_now"]

OF_KERNEL = re.compile(r"[/\\]ipykernel_\d+[/\\]\d+\.py$|^<ipython-input-(\d+)-")
"""Code of a cell that this process has not run itself, as of a function that was sent to it."""

OF_MAGIC = re.compile(r"^<(timed (exec|eval)|magic-timeit)>$")
"""Code of ``%%time`` and ``%%timeit``, without the cell that it is from."""


class Place(NamedTuple):
    """Where code is, while the cell that is running is known; `str()` names the notebook, too.

    Attributes:
        file: as Python compiled it.
        line: the line in that file, or in the cell; None if only the cell is known.
        cell: the number of the cell; None for a file, and for a cell whose number is unknown.
        is_file: whether it is a file rather than a cell.
    """

    file: str
    line: int | None
    cell: int | None = None
    is_file: bool = True

    def __str__(self) -> str:
        if self.is_file:
            return f"{self.file}:{self.line}"
        is_prompt = shell() is not None and self.cell is not None
        parts = [
            notebook_name() or (None if is_prompt else UNKNOWN),
            None if self.cell is None else f"In [{self.cell}]",
            None if self.line is None else f"line {self.line}",
        ]
        return ", ".join(part for part in parts if part)


def place(file: str, line: int) -> str:
    """Where code is, for people: ``file:line``, or notebook, cell and line."""
    return str(place_now(file, line))


def place_now(file: str, line: int) -> Place:
    """Where code is that is running now: later, the cell of a ``%%time`` is no longer known."""
    running = shell()
    if running is not None:
        if OF_MAGIC.match(file):
            return _timed(file, line)
        number = _number(running, file)
        if number is not None:
            return Place(file, line + _is_magic(number), number, is_file=False)
    sent = OF_KERNEL.search(file)
    if sent is None:
        return Place(file, line)
    return Place(file, line, int(sent[1]) if sent[1] else None, is_file=False)


def _number(running: Any, file: str) -> int | None:
    """The number of the cell whose code has this file."""
    named = running.compile.format_code_name(file)
    found = re.search(r"\[(\d+)\]", named[1]) if named else None
    if found is None:
        return None
    number, current = int(found[1]), current_number()
    return number if current is None else min(number, current)  # %%capture counts on


def _timed(file: str, line: int) -> Place:
    """Where code that is timed is: in the cell that is running, unless that times nothing."""
    number = current_number()
    text = "" if number is None else cell_text(number) or ""
    if "%time" not in text:  # a function of an earlier cell
        return Place(file, line + 1, is_file=False)
    return Place(file, line + 1 if text.startswith("%%") else None, number, is_file=False)


def _is_magic(number: int) -> bool:
    """Whether a cell's first line is a magic, such as ``%%capture``, whose code follows it."""
    return (cell_text(number) or "").startswith("%%")

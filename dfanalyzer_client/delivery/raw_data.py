"""Read the files of raw data that a task names, with what this process may open and run."""

from __future__ import annotations

from collections.abc import Sequence

from ..declarations.dataflow import Declaration
from ..declarations.messages import TaskMessage
from ..declarations.raw_data import RawElements
from ..raw_data import Access, NoFiles, OwnFiles, ReadRows, read_rows

__all__ = ["rows_of"]


def rows_of(
    task: TaskMessage,
    raw: Sequence[RawElements],
    declaration: Declaration,
    access: Access | None,
    *,
    relays: bool,
) -> ReadRows:
    """The rows of a task's files.

    In the user's process, a program is run only if this process has declared it: others may write
    to the same database or journals. Of a service, `access` says which programs it may run.

    Raises:
        RawDataError: a file cannot, or must not, be read, or is not what its extractor expects.
        ElementError: a value does not fit.
    """
    tag = task["transformation"]
    if relays:
        return read_rows(task, raw, dict(declaration.programs.get(tag, ())), access or NoFiles())
    return read_rows(task, raw, declaration.own_programs.get(tag, {}), access or OwnFiles())

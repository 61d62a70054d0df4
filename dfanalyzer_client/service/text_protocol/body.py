"""Read the body of a request in the text protocol as a checked message."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..messages.dataflow import DataflowMessage
from ..messages.task import TaskMessage
from .calls import Read, TextError
from .dataflow import read_dataflow
from .task import read_task

__all__ = ["dataflow_of", "task_of"]

M = TypeVar("M", bound=BaseModel)


def dataflow_of(body: bytes) -> DataflowMessage:
    """The message of a dataflow; raises TextError."""
    return _validated(DataflowMessage, read_dataflow(_decoded(body)))


def task_of(body: bytes) -> TaskMessage:
    """The message of a task; raises TextError."""
    return _validated(TaskMessage, read_task(_decoded(body)))


def _validated(model: type[M], read: Read) -> M:
    """The message, checked like one in JSON; raises TextError for the first problem."""
    try:
        return model.model_validate(read.message)
    except ValidationError as error:
        problem = error.errors()[0]
    line, at = read.lines[id(read.message)], read.message
    for key in problem["loc"]:
        try:
            at = at[key]  # type: ignore[index]  # a key that is not in the message ends the loop
        except (LookupError, TypeError):
            break
        line = read.lines.get(id(at), line)
    where = ".".join(map(str, problem["loc"]))
    raise TextError(f"Line {line}: {where}: {problem['msg']}")


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise TextError(f"Line {line}: the text is not UTF-8.") from None

"""What the message of a task holds."""

# No `from __future__ import annotations`: as texts, they would hide which keys are required.

from typing import Any, NotRequired, TypedDict

__all__ = [
    "AgentsMessage",
    "DataSetMessage",
    "DependencyMessage",
    "FileMessage",
    "IdReference",
    "PerformanceMessage",
    "TagReference",
    "TaskMessage",
]


class TagReference(TypedDict):
    """The transformation of a task that another depends on."""

    tag: str


class IdReference(TypedDict):
    """The id of a task that another depends on."""

    id: str


class DependencyMessage(TypedDict):
    """The tasks that a task depends on: the first tag with the first id, and so on."""

    tags: list[TagReference]
    ids: list[IdReference]


class DataSetMessage(TypedDict):
    """Rows of one set.

    Attributes:
        tag: the set's tag.
        elements: each the values of one row: numbers, texts, or None for a missing value.
        attributes: ours: the names of the values, in their order; by default all of the set's.
    """

    tag: str
    elements: list[list[Any]]
    attributes: NotRequired[list[str]]


class PerformanceMessage(TypedDict):
    """A measured period of a task.

    Attributes:
        startTime: when it began; None if unknown.
        endTime: when it ended; likewise.
        method: what it was spent on, the name of a `MethodType`; by default ``COMPUTATION``.
        description: anything that is to be said of it.
        invocation: the command that was run.
    """

    startTime: NotRequired[str | None]
    endTime: NotRequired[str | None]
    method: NotRequired[str]
    description: NotRequired[str | None]
    invocation: NotRequired[str | None]


class FileMessage(TypedDict):
    """A file that a task read or wrote.

    Attributes:
        name: what it is called.
        path: where it is.
        mode: ours: ``read`` or ``written``.
        size: ours: in bytes.
        sha256: ours: SHA-256 of its content, in hexadecimal digits.
    """

    name: str
    path: str
    mode: NotRequired[str]
    size: NotRequired[int]
    sha256: NotRequired[str]


class AgentsMessage(TypedDict, total=False):
    """Who and what an execution is associated with (PROV-DM), as DLProv's clients say it.

    Attributes:
        email: of the scientist who is responsible.
        hardware: the machine, by the columns of DLProv's table ``hardware_info``.
    """

    email: str
    hardware: dict[str, Any]


class TaskMessage(TypedDict):
    """A task, and what was added to it since its last message.

    Attributes:
        id: a whole number, unique among the tasks of its execution and transformation.
        exec: tag of the execution.
        dataflow: tag of the dataflow.
        transformation: tag of the transformation.
        status: the name of a `TaskStatus`.
        sets: rows that it read or wrote.
        subid: names a part of the task.
        dependency: the tasks that it depends on.
        workspace: the folder that it works in.
        resource: the machine that it runs on.
        output: what it printed.
        error: why it failed.
        startTime: ours: when the task began.
        endTime: ours: when it ended by its client's clock, where the service relays it.
        performances: measured periods.
        files: files that it read or wrote.
        derivedFrom: ours: executions that this one was derived from (PROV-DM).
        reuse: ours: by a set's tag, the id of the task whose rows of that set it read, too.
        email: of the scientist who is responsible for the execution.
        hardware: the machine, by the columns of DLProv's table ``hardware_info``.
        declared: ours: names the order of attributes that the service read its values by.
        received: ours: when the service received it.
    """

    id: str
    exec: str
    dataflow: str
    transformation: str
    status: str
    sets: list[DataSetMessage]
    subid: NotRequired[str]
    dependency: NotRequired[DependencyMessage | None]
    workspace: NotRequired[str]
    resource: NotRequired[str]
    output: NotRequired[str]
    error: NotRequired[str]
    startTime: NotRequired[str | None]
    endTime: NotRequired[str]
    performances: NotRequired[list[PerformanceMessage]]
    files: NotRequired[list[FileMessage]]
    derivedFrom: NotRequired[list[str]]
    reuse: NotRequired[dict[str, str]]
    email: NotRequired[str]
    hardware: NotRequired[dict[str, Any]]
    declared: NotRequired[str]
    received: NotRequired[str]

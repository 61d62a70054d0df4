"""What the message of a dataflow holds."""

# No `from __future__ import annotations`: as texts, they would hide which keys are required.

from typing import NotRequired, TypedDict

__all__ = [
    "AttributeMessage",
    "CombinationMessage",
    "DataflowMessage",
    "ExtractorMessage",
    "ProgramMessage",
    "SetMessage",
    "TransformationMessage",
]


class AttributeMessage(TypedDict):
    """An attribute of a set.

    Attributes:
        name: its name.
        type: ``TEXT``, ``NUMERIC``, ``FILE`` or ``RDFILE``.
        extractor: tag of the extractor that reads its values from files.
    """

    name: str
    type: str
    extractor: NotRequired[str]


class ExtractorMessage(TypedDict):
    """How attributes are read from files of raw data.

    Attributes:
        tag: its tag.
        cartridge: ``EXTRACTION`` or ``INDEXING``.
        extension: the files' format, or the program that reads them.
        setTag: of which set it is, where it does not stand in that set's message.
        transformationTag: of which transformation, likewise.
        dataflowTag: of which dataflow, likewise.
    """

    tag: str
    cartridge: str
    extension: str
    setTag: NotRequired[str]
    transformationTag: NotRequired[str]
    dataflowTag: NotRequired[str]


class CombinationMessage(TypedDict):
    """Two extractors of a set whose rows are joined.

    Attributes:
        outer: tag of the extractor whose rows are all kept.
        inner: tag of the other one.
        keys: names of the attributes that both have.
        keyTypes: their types, as many, or none.
    """

    outer: str
    inner: str
    keys: list[str]
    keyTypes: NotRequired[list[str]]


class SetMessage(TypedDict):
    """A set of a transformation.

    Attributes:
        tag: its tag.
        type: ``INPUT`` or ``OUTPUT``; by default what `dependency` implies.
        attributes: in the order of an element's values.
        extractors: how attributes are read from files.
        extractorCombinations: which of these are joined.
        dependency: tag of the transformation that writes the set, where another one reads it.
        role: ours: what its rows are for, the value of a `SetRole`.
    """

    tag: str
    type: NotRequired[str]
    attributes: NotRequired[list[AttributeMessage]]
    extractors: NotRequired[list[ExtractorMessage]]
    extractorCombinations: NotRequired[list[CombinationMessage]]
    dependency: NotRequired[str]
    role: NotRequired[str]


class ProgramMessage(TypedDict):
    """A program that does a transformation.

    Attributes:
        name: what it is called.
        path: where it is.
        transformationTag: of which transformation, where it does not stand in its message.
        dataflowTag: of which dataflow, likewise.
    """

    name: str
    path: NotRequired[str]
    transformationTag: NotRequired[str]
    dataflowTag: NotRequired[str]


class TransformationMessage(TypedDict):
    """A transformation: its tag, the sets that it reads and writes, the programs that do it."""

    tag: str
    sets: NotRequired[list[SetMessage]]
    programs: NotRequired[list[ProgramMessage]]


class DataflowMessage(TypedDict):
    """A dataflow as designed, or a part by which it grows.

    Attributes:
        tag: its tag.
        transformations: those that are declared; more may follow.
        exec: tag of the execution that declares it.
        opens: ours: the execution of tasks that name none; it begins with the first of them.
        recalled: ours: it repeats what another process declared, and begins no execution.
    """

    tag: str
    transformations: NotRequired[list[TransformationMessage]]
    exec: NotRequired[str]
    opens: NotRequired[str]
    recalled: NotRequired[bool]

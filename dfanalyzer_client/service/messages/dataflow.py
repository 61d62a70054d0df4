"""A dataflow's message: its transformations and sets, as clients declare them."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, Field

from ...declarations import messages
from .fields import (
    DataflowTag,
    Message,
    Several,
    Tag,
    Text,
    empty_text_if_none,
    none_if_absent,
    upper,
)

__all__ = ["DataflowMessage"]


class AttributeMessage(Message):
    """An attribute of a set."""

    name: Tag
    type: Annotated[Literal["TEXT", "NUMERIC", "FILE", "RDFILE"], BeforeValidator(upper)]
    extractor: Annotated[
        Tag | None,
        BeforeValidator(none_if_absent),
        Field(description="the extractor that reads its values from files"),
    ] = None


class ExtractorMessage(Message):
    """How values are read from files."""

    tag: Tag
    cartridge: Text
    extension: Text


class CombinationMessage(Message):
    """Two extractors whose rows are joined by keys."""

    outer: Tag
    inner: Tag
    keys: list[Text]
    keyTypes: Annotated[list[Text], Several] = []


class SetMessage(Message):
    """A set of a transformation."""

    tag: Tag
    type: Annotated[Literal["INPUT", "OUTPUT"] | None, BeforeValidator(upper)] = None
    attributes: Annotated[list[AttributeMessage], Several] = []
    role: Annotated[
        Literal["hyperparameters", "epochs", "tests"] | None,
        BeforeValidator(none_if_absent),
        Field(description="what its rows are for"),
    ] = None
    dependency: Annotated[
        Tag | None,
        BeforeValidator(none_if_absent),
        Field(description="the transformation that writes the set"),
    ] = None
    extractors: Annotated[list[ExtractorMessage], Several] = []
    extractorCombinations: Annotated[list[CombinationMessage], Several] = []


class ProgramMessage(Message):
    """A program that performs a transformation."""

    name: Text
    path: Annotated[Text, BeforeValidator(empty_text_if_none)] = ""


class TransformationMessage(Message):
    """A transformation with its sets."""

    tag: Tag
    sets: Annotated[list[SetMessage], Several] = []
    programs: Annotated[list[ProgramMessage], Several] = []


class DataflowMessage(Message):
    """A dataflow, and the execution that declares it."""

    tag: DataflowTag
    transformations: Annotated[list[TransformationMessage], Several] = []
    exec: Annotated[Text | None, BeforeValidator(none_if_absent)] = None

    def message(self) -> messages.DataflowMessage:
        """The message as our own client sends it."""
        fields = self.model_dump(exclude_none=True, exclude_defaults=True)
        return cast(messages.DataflowMessage, fields)  # pydantic has validated it

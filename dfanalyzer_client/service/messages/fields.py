"""Types of the fields of messages, and the values that mean that a field is missing."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ...declarations.names import MAX_NAME, checked_dataflow_tag, checked_name, checked_text
from .._times import parsed_time

__all__ = [
    "ABSENT",
    "BIGINT",
    "SEPARATOR",
    "DataflowTag",
    "Message",
    "Moment",
    "OptionalText",
    "Scalar",
    "Several",
    "Tag",
    "TaskId",
    "Text",
    "empty_text_if_none",
    "none_if_absent",
    "upper",
]

SEPARATOR = ";"
BIGINT = 2**63 - 1

ABSENT = (None, "", "null")
"""DfAnalyzer's clients write a missing text as ``null``, or leave it empty."""


def _text(value: str) -> str:
    return checked_text(value, "text")


@functools.lru_cache(maxsize=4096)  # the same few come with every message
def _tag(value: str) -> str:
    return checked_name(value, "tag")


def upper(value: Any) -> Any:
    """A text in capitals."""
    return value.upper() if isinstance(value, str) else value


def none_if_absent(value: Any) -> Any:
    """None for a missing text."""
    return None if value in ABSENT else value


def empty_text_if_none(value: Any) -> Any:
    """An empty text for None."""
    return "" if value is None else value


def _empty_list_if_none(value: Any) -> Any:
    return [] if value is None else value


Text = Annotated[str, AfterValidator(_text)]
Tag = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_tag)]
DataflowTag = Annotated[
    str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(checked_dataflow_tag)
]
Moment = Annotated[
    datetime | None,
    BeforeValidator(parsed_time, json_schema_input_type=str | float | None),
    Field(
        description="ISO 8601, in the client's time zone if it has none; or seconds since 1970",
        examples=["2026-11-23 04:05:05"],
    ),
]
OptionalText = Annotated[Text | None, BeforeValidator(none_if_absent)]
TaskId = Annotated[int, Field(ge=-BIGINT, le=BIGINT)]
Several = BeforeValidator(_empty_list_if_none)
Scalar = str | int | float | bool | None


class Message(BaseModel):
    """A message or a part of one; fields that we do not know are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)

"""The message that declares what an imported run needs of its dataflow."""

from __future__ import annotations

from collections.abc import Mapping

from ..declarations.messages import (
    AttributeMessage,
    DataflowMessage,
    SetMessage,
    TransformationMessage,
)
from ..keras_schema import SETS
from ..keras_schema import names as tags

__all__ = ["dataflow_message"]

Grown = Mapping[str, Mapping[str, str]]
"""Types of the attributes that sets have beside those of `keras_schema`, by set and attribute."""


def dataflow_message(tag: str, execution: str, sets: Grown) -> DataflowMessage:
    """The dataflow of an execution, with the transformations that these sets belong to."""
    transformations: list[TransformationMessage] = [
        {"tag": tags.TRAINING, "sets": _sets(tags.TRAINING, sets)}
    ]
    if tags.TESTING_OUTPUT in sets:
        transformations.append({"tag": tags.TESTING, "sets": _sets(tags.TESTING, sets)})
    if tags.SAVED_FILE in sets:
        transformations.append({"tag": tags.SAVING, "sets": _sets(tags.SAVING, sets)})
    return {"tag": tag.lower(), "exec": execution, "transformations": transformations}


def _sets(transformation: str, sets: Grown) -> list[SetMessage]:
    """The sets that a transformation reads or writes."""
    found = []
    for tag, grown in sets.items():
        known = SETS[tag]
        if known.producer == transformation:
            found.append(_set(tag, "OUTPUT", grown))
        elif transformation in known.consumers:
            message = _set(tag, "INPUT", grown)
            if known.producer is not None:
                message["dependency"] = known.producer
            found.append(message)
    return found


def _set(tag: str, type_: str, grown: Mapping[str, str]) -> SetMessage:
    types = {**SETS[tag].types, **grown}
    attributes: list[AttributeMessage] = [{"name": n, "type": t} for n, t in types.items()]
    return {"tag": tag, "type": type_, "attributes": attributes}

"""Holds messages against the types that say which keys they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

from dfanalyzer_client.declarations.messages import (
    JournalAnnotation,
    JournalDataflow,
    JournalSteeringOffer,
    JournalSteeringOutcome,
    JournalSteeringRequest,
    JournalTask,
)
from dfanalyzer_client.journal import JournalReader, journals

__all__ = ["TYPES", "checked_keys", "keys_of", "messages_of"]

TYPES: dict[str, Any] = {
    "annotation": JournalAnnotation,
    "dataflow": JournalDataflow,
    "steering_offer": JournalSteeringOffer,
    "steering_outcome": JournalSteeringOutcome,
    "steering_request": JournalSteeringRequest,
    "task": JournalTask,
}


def messages_of(home: Path, tag: str) -> list[dict[str, Any]]:
    """What the journals of `home` hold of a dataflow."""
    messages = [
        record.message
        for path in journals(home / "journals", done=True)
        for record in JournalReader(path)
        if record.sequence
    ]
    return [each for each in messages if tag in (each.get("tag"), each.get("dataflow"))]


def checked_keys(messages: Iterable[dict[str, Any]]) -> set[str]:
    """The keys that messages have, as ``Type.key``; asserts that they are those of the types."""
    met: set[str] = set()
    for message in messages:
        _check(message, TYPES[message["kind"]], met)
    return met


def keys_of(type_: Any) -> Iterator[str]:
    """All keys that a message may have, and those of its parts."""
    if is_typeddict(type_):
        for key, part in get_type_hints(type_).items():
            yield f"{type_.__name__}.{key}"
            yield from keys_of(part)
    else:
        for each in get_args(type_):
            yield from keys_of(each)


def _check(value: Any, type_: Any, met: set[str]) -> None:
    if is_typeddict(type_):
        types = get_type_hints(type_)
        assert type_.__required_keys__ <= value.keys() <= types.keys(), f"{type_}: {value}"
        for key, part in value.items():
            met.add(f"{type_.__name__}.{key}")
            _check(part, types[key], met)
    elif get_origin(type_) is list:
        for each in value:
            _check(each, *get_args(type_), met)
    elif get_origin(type_) is dict:
        for name, each in value.items():
            _check(name, get_args(type_)[0], met)
            _check(each, get_args(type_)[1], met)
    elif get_origin(type_) is UnionType:
        (plain,) = set(get_args(type_)) - {NoneType}
        if value is not None:
            _check(value, plain, met)
    elif get_origin(type_) is Literal:
        assert value in get_args(type_)
    elif type_ is not Any:
        assert isinstance(value, type_), f"{type_}: {value!r}"

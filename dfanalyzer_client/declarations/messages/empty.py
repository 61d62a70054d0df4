"""Optional parts of a message that are empty are left out of it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TypeVar, cast

__all__ = ["without_empty"]

Message = TypeVar("Message", bound=Mapping[str, object])


def without_empty(message: Message, required: Container[str]) -> Message:
    """`message` without the parts that are empty, but for the `required` ones; in its order."""
    kept = {name: part for name, part in message.items() if part or name in required}
    return cast(Message, kept)  # what is left out is optional

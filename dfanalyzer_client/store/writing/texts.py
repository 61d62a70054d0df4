"""Make the texts of messages storable, whoever wrote them into a journal."""

from __future__ import annotations

from typing import Any

from ...declarations.names import is_storable, storable_text

__all__ = ["storable"]


def storable(value: Any) -> Any:
    """A message, or a part of one, with characters escaped that a database would refuse.

    Our own client already refuses or escapes them; other writers of journals may not.
    """
    if isinstance(value, str):
        return value if is_storable(value) else storable_text(value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return value

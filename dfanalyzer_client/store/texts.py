"""Messages whose texts a database holds, whoever wrote them into a journal."""

from __future__ import annotations

from typing import Any

from ..declarations.names import is_storable, storable_text

__all__ = ["storable"]


def storable(value: Any) -> Any:
    """A message, or a part of one, in which what a database would refuse is escaped.

    Our own client refuses or escapes such texts before; other writers of journals may not.
    """
    if isinstance(value, str):
        return value if is_storable(value) else storable_text(value)
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): storable(each) for name, each in value.items()}
    return value

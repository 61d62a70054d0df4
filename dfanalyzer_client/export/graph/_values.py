"""Values of a PROV document as values of a property graph, and as literals of Cypher.

A property holds a text, a number, a truth value, a time, or a list of one of these.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prov.constants import XSD_DOUBLE, XSD_FLOAT, XSD_INT, XSD_INTEGER, XSD_LONG
from prov.identifier import Identifier
from prov.model import Literal

__all__ = ["Scalar", "Value", "as_property", "as_values", "literal", "quoted_name"]

Scalar = str | int | float | bool | datetime
Value = Scalar | list[Any]

_WHOLE = (XSD_INTEGER, XSD_INT, XSD_LONG)
_REAL = (XSD_DOUBLE, XSD_FLOAT)
_LIMIT = 1 << 63
"""Integers of graph databases have 64 bits; the lowest has no literal of its own."""
_BEFORE_U = re.compile(r"(?<=\\)(?=u)")
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def as_property(value: object) -> Scalar:
    """A value of a document; an integer that a graph database cannot hold becomes a text."""
    if isinstance(value, Identifier):  # a qualified name is one
        return value.uri
    if isinstance(value, Literal):
        return _typed(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < _LIMIT else str(value)
    return value if isinstance(value, str | float | bool | datetime) else str(value)


def as_values(values: Sequence[Scalar], is_list: bool = False) -> Value:
    """One value, or a list of values of one type."""
    if len(values) == 1 and not is_list:
        return values[0]
    is_mixed = len({type(value) for value in values}) > 1
    return [str(value) if is_mixed else value for value in values]


def _typed(value: Literal) -> Scalar:
    text = str(value.value)
    try:
        if value.datatype in _WHOLE:
            return as_property(int(text))
        if value.datatype in _REAL:
            return float(text)
    except ValueError:
        pass  # a literal may be ill-typed; then it is a text
    return text


def literal(value: object) -> str:
    """A value, or a map or list of values, as an expression of Cypher that is on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{quoted_name(name)}: {literal(part)}" for name, part in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(literal(part) for part in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _real(value)
    if isinstance(value, datetime):
        function = "localdatetime" if value.tzinfo is None else "datetime"
        return f"{function}({_text(value.isoformat())})"
    return str(value) if isinstance(value, int) else _text(str(value))


def quoted_name(name: str) -> str:
    """A label, a type or the name of a property, quoted."""
    return f"`{name.replace('`', '``')}`"


def _real(value: float) -> str:
    if math.isnan(value):
        return "toFloat('NaN')"
    if math.isinf(value):
        return f"toFloat('{'-' if value < 0 else ''}Infinity')"
    return repr(value).replace("e+", "e")  # openCypher has no plus sign there


def _text(text: str) -> str:
    r"""A quoted text.

    It is parted between a backslash and a ``u``, because Neo4j before 5 replaces ``\u0027`` in a
    query before it looks for quotes.
    """
    parts = _BEFORE_U.split(text)
    return " + ".join(f"'{''.join(_ESCAPES.get(one, one) for one in part)}'" for part in parts)

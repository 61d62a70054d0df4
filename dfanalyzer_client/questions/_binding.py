"""Bind the parameters of a question: pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from ..errors import DefinitionError
from ._question import Question

__all__ = ["bound", "parameters_of", "prepared"]

TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "[^"]*" | --[^\n]* | /\*.*?\*/ | ::
    | :(?P<name>[A-Za-z_]\w*) | .""",
    re.DOTALL | re.VERBOSE,
)
"""Texts, quoted names and comments, in which a colon is a colon; then parameters."""

NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

TEXTS = ("dataflow",)
"""Parameters that are texts, whatever they look like: a dataflow may be called ``7``."""

Value = str | int | float


def bound(question: Question, given: Mapping[str, str]) -> tuple[str, list[Value]]:
    """The statement with ``%s`` for each parameter, and their values in order.

    Raises:
        DefinitionError: a parameter has no value, or there is none of that name.
    """
    names = parameters_of(question)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise DefinitionError(
            f"The question {question.name!r} has no parameter {unknown[0]!r}. Its parameters are: "
            f"{', '.join(names) or 'none'}."
        )
    values = {**question.defaults, **given}
    missing = [name for name in names if name not in values]
    if missing:
        raise DefinitionError(
            f"The question {question.name!r} needs a value: {missing[0]}=VALUE. Its parameters "
            f"are: {', '.join(names)}."
        )
    parts, parameters = [], list[Value]()
    for token in TOKEN.finditer(question.text):
        if token["name"]:
            parts.append("%s")
            parameters.append(_value(token["name"], values[token["name"]]))
        elif not token[0].startswith(("--", "/*")):
            parts.append(token[0].replace("%", "%%") if names else token[0])
    return "".join(parts).strip().rstrip(";"), parameters


def prepared(question: Question) -> str:
    """The statement with ``?`` for each parameter, as PREPARE takes it."""
    tokens = TOKEN.finditer(question.text)
    return "".join("?" if token["name"] else token[0] for token in tokens)


def parameters_of(question: Question) -> list[str]:
    """The names of the parameters that a question uses, in order."""
    found = (token["name"] for token in TOKEN.finditer(question.text))
    return list(dict.fromkeys(name for name in found if name))


def _value(name: str, text: str) -> Value:
    """A number if the text is one that SQL could have; `007`, `1_000` and `nan` are texts."""
    if name in TEXTS or not NUMBER.fullmatch(text):
        return text
    if text.lstrip("-").isdigit():
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else text

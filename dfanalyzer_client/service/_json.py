"""JSON as leniently as DfAnalyzer's own server read it.

Its parser, json-simple, tolerates missing and superfluous commas and colons, line breaks in
strings, and backslashes that escape nothing. Clients that build their messages as text rely on it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

__all__ = ["lenient", "read_json"]

M = TypeVar("M", bound=BaseModel)

BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 50
MAX_BYTES = 1 << 20
"""Larger messages are not read leniently, because that takes some 20 times as long."""

TOKEN = re.compile(
    r'[\s,:]*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>true|false|null|NaN|-?Infinity)'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<mark>[][{}]))",
    re.DOTALL,
)
ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})?')
WORDS = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def read_json(model: type[M], body: bytes) -> M:
    """A message; raises the ValidationError of standard JSON if even lenient reading fails."""
    body = body.removeprefix(BOM)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.errors()[0]["type"] != "json_invalid" or len(body) > MAX_BYTES:
            raise
        try:
            found = lenient(body.decode())
        except (ValueError, RecursionError):
            raise error from None
    return model.model_validate(found)


def lenient(text: str) -> Any:
    """The value of a JSON text, read leniently; raises ValueError."""
    tokens = _Tokens(text)
    value = tokens.value(tokens.next(), 0)
    if text[tokens.position :].strip(" \t\r\n,:"):
        raise ValueError("there is text after the message")
    return value


class _Tokens:
    """The tokens of a text, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text, self.position = text, 0

    def next(self) -> re.Match[str]:
        found = TOKEN.match(self._text, self.position)
        if found is None:
            raise ValueError(f"not JSON at character {self.position}")
        self.position = found.end()
        return found

    def value(self, token: re.Match[str], depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        if token["text"] is not None:
            return _unescaped(token["text"])
        if token["word"] is not None:
            return WORDS[token["word"]]
        if token["number"] is not None:
            return _number(token["number"])
        read: dict[str, Callable[[int], Any]] = {"{": self._object, "[": self._array}
        if token["mark"] not in read:
            raise ValueError(f"a {token['mark']} without its opening bracket")
        return read[token["mark"]](depth + 1)

    def _object(self, depth: int) -> dict[str, Any]:
        found = {}
        while (key := self.next())["mark"] != "}":
            if key["text"] is None:
                raise ValueError("a key that is not a string")
            found[_unescaped(key["text"])] = self.value(self.next(), depth)
        return found

    def _array(self, depth: int) -> list[Any]:
        found = []
        while (token := self.next())["mark"] != "]":
            found.append(self.value(token, depth))
        return found


def _unescaped(quoted: str) -> str:
    """A string without quotes and escapes; a backslash that escapes nothing is kept."""
    inner = ESCAPE.sub(lambda found: found[0] if len(found[0]) > 1 else r"\\", quoted[1:-1])
    return str(json.loads(f'"{inner}"', strict=False))


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)

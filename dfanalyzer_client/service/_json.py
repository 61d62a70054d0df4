"""JSON as DfAnalyzer's server took it.

Its parser, json-simple, passes over commas and colons that are missing or one too many, takes a
backslash that escapes nothing as it stands, and line ends within texts; clients that build their
messages from texts came to rely on it.
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
DEEPEST = 50
LARGEST = 1 << 20
"""Bytes of a message that is read so: it takes some 20 times as long as JSON as it should be."""

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
    """A message; raises ValidationError, of JSON as it should be, where even this is none."""
    body = body.removeprefix(BOM)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.errors()[0]["type"] != "json_invalid" or len(body) > LARGEST:
            raise
        try:
            found = lenient(body.decode())
        except (ValueError, RecursionError):
            raise error from None
    return model.model_validate(found)


def lenient(text: str) -> Any:
    """The value that a text says; raises ValueError where it says none."""
    tokens = _Tokens(text)
    value = tokens.value(tokens.next(), 0)
    if text[tokens.place :].strip(" \t\r\n,:"):
        raise ValueError("something follows the message")
    return value


class _Tokens:
    """What a text is made of, read forward."""

    def __init__(self, text: str) -> None:
        self._text, self.place = text, 0

    def next(self) -> re.Match[str]:
        found = TOKEN.match(self._text, self.place)
        if found is None:
            raise ValueError(f"no JSON at character {self.place}")
        self.place = found.end()
        return found

    def value(self, token: re.Match[str], depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("too deep")
        if token["text"] is not None:
            return _unescaped(token["text"])
        if token["word"] is not None:
            return WORDS[token["word"]]
        if token["number"] is not None:
            return _number(token["number"])
        read: dict[str, Callable[[int], Any]] = {"{": self._object, "[": self._array}
        if token["mark"] not in read:
            raise ValueError(f"a {token['mark']} that closes nothing")
        return read[token["mark"]](depth + 1)

    def _object(self, depth: int) -> dict[str, Any]:
        found = {}
        while (key := self.next())["mark"] != "}":
            if key["text"] is None:
                raise ValueError("a key that is no text")
            found[_unescaped(key["text"])] = self.value(self.next(), depth)
        return found

    def _array(self, depth: int) -> list[Any]:
        found = []
        while (token := self.next())["mark"] != "]":
            found.append(self.value(token, depth))
        return found


def _unescaped(quoted: str) -> str:
    """A text without its quotes and escapes; a backslash that escapes nothing stays."""
    inner = ESCAPE.sub(lambda found: found[0] if len(found[0]) > 1 else r"\\", quoted[1:-1])
    return str(json.loads(f'"{inner}"', strict=False))


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)

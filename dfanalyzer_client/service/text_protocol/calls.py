"""Parse lines of the text protocol as calls of a method with arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...errors import DfAnalyzerError

__all__ = [
    "DATAFLOW_CALLS",
    "TASK_CALLS",
    "Call",
    "Read",
    "TextError",
    "calls_of",
    "named_path",
    "only",
]

HEAD = re.compile(r"\s*([A-Za-z_]+)\s*\(")
SHOWN = 100
BLANK = "\ufeff \t\r\n"

DATAFLOW_CALLS = {
    "dataflow": "dataflow(TAG)",
    "program": "program(NAME,PATH)",
    "dataset": "dataset(TAG,{attribute;…},{type;…})",
    "extractor": "extractor(TAG,SET,METHOD,CARTRIDGE,{attribute;…},{type;…})",
    "extractor_combination": "extractor_combination(SET,OUTER,INNER,{key;…},{type;…})",
    "transformation": "transformation(TAG,{input set;…},{output set;…},{program;…})",
}
TASK_CALLS = {
    "task": "task(DATAFLOW,TRANSFORMATION,ID,SUBID,STATUS[,WORKSPACE[,RESOURCE]])",
    "collection": "collection(SET,{{value;…};{value;…}})",
    "dependency": "dependency({transformation;…},{{id;…};{id;…}})",
    "file": "file(NAME,PATH)",
}
FORMS = {**DATAFLOW_CALLS, **TASK_CALLS}
"""The call of every method, as it is written."""


class TextError(DfAnalyzerError, ValueError):
    """A line in the text protocol cannot be read."""


class Call(NamedTuple):
    """A call of a method with arguments, from one line."""

    line: int
    method: str
    arguments: list[str]

    def error(self, problem: str) -> TextError:
        """An error that names the line."""
        return TextError(f"Line {self.line}: {problem}")

    def names(self, index: int) -> list[str]:
        """An argument that is a list of names in braces; empty ones are left out."""
        return [name for name in self.parts(index) if name]

    def parts(self, index: int) -> list[str]:
        """An argument that is a list in braces, separated by ``;``."""
        return [] if index >= len(self.arguments) else self.split(self.arguments[index])

    def split(self, text: str) -> list[str]:
        """The parts of a text that is a list in braces."""
        if not text:
            return []
        if not (text.startswith("{") and text.endswith("}")):
            raise self.error(f"expected a list in braces, as {{a;b}}. Received: {text[:SHOWN]!r}.")
        inner = text[1:-1].strip()
        return _split(self, inner, ";") if inner else []

    def check_count(self, least: int, most: int) -> None:
        """Raise TextError unless it has from `least` to `most` arguments, and a first one."""
        if not least <= len(self.arguments) <= most or not self.arguments[0]:
            raise self.error(
                f"expected {FORMS[self.method]}. Received: {len(self.arguments)} arguments."
            )


class Read(NamedTuple):
    """A message that was read from text.

    Attributes:
        message: the message, as it would be in JSON.
        lines: the line numbers of the dictionaries and lists in it, by their ``id()``.
    """

    message: dict[str, Any]
    lines: dict[int, int]


def calls_of(text: str, known: Mapping[str, str]) -> Iterator[Call]:
    """The calls in a text; raises TextError for a line that calls no method in `known`."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        stripped = line.strip(BLANK)
        if not stripped:
            continue
        head = HEAD.match(stripped)
        method = head[1].lower() if head else ""
        if head is None or method not in known or not stripped.endswith(")"):
            raise TextError(
                f"Line {number}: expected one of {', '.join(known.values())}. "
                f"Received: {stripped[:SHOWN]!r}."
            )
        call = Call(number, method, [])
        call.arguments.extend(_split(call, stripped[head.end() : -1], ","))
        yield call


def only(calls: list[Call], method: str) -> Call:
    """The only call of a method in a message; raises TextError if there is none or another."""
    found = [call for call in calls if call.method == method]
    if len(found) > 1:
        raise found[1].error(f"{method}(…) is given twice in one message.")
    if not found:
        raise TextError(f"Line 1: the message has no line {FORMS[method]}.")
    return found[0]


def named_path(call: Call) -> dict[str, Any]:
    """The name and the path of a call; the path is the rest, because it may contain commas."""
    call.check_count(2, len(call.arguments))
    return {"name": call.arguments[0], "path": ",".join(call.arguments[1:])}


def _split(call: Call, text: str, separator: str) -> list[str]:
    """The parts of a text, stripped; a separator within braces separates nothing."""
    parts, start, depth = [], 0, 0
    for found in re.finditer(f"[{{}}{separator}]", text):
        if found[0] != separator:
            depth += 1 if found[0] == "{" else -1
        elif depth == 0:
            parts.append(text[start : found.start()].strip())
            start = found.end()
        if depth < 0:
            break
    if depth:
        raise call.error(f"a brace is missing or one too many. Received: {text[:SHOWN]!r}.")
    return [*parts, text[start:].strip()]

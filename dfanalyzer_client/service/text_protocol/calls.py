"""Lines of the text protocol as calls: a method, and its arguments."""

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
"""How the calls of every method are written."""


class TextError(DfAnalyzerError, ValueError):
    """A line of a message in text cannot be read."""


class Call(NamedTuple):
    """A line: a call of a method with arguments."""

    line: int
    method: str
    arguments: list[str]

    def error(self, problem: str) -> TextError:
        """What is wrong with it."""
        return TextError(f"Line {self.line}: {problem}")

    def names(self, index: int) -> list[str]:
        """An argument that is a list of names in braces; empty ones are left out."""
        return [each for each in self.parts(index) if each]

    def parts(self, index: int) -> list[str]:
        """An argument that is a list in braces, whose parts ``;`` divides."""
        return [] if index >= len(self.arguments) else self.divided(self.arguments[index])

    def divided(self, text: str) -> list[str]:
        """The parts of a list in braces."""
        if not text:
            return []
        if not (text.startswith("{") and text.endswith("}")):
            raise self.error(
                f"a list in braces, as {{a;b}}, was expected. Received: {text[:SHOWN]!r}."
            )
        inner = text[1:-1].strip()
        return _divided(self, inner, ";") if inner else []

    def check_count(self, least: int, most: int) -> None:
        """Raise TextError unless it has from `least` to `most` arguments, and a first one."""
        if not least <= len(self.arguments) <= most or not self.arguments[0]:
            raise self.error(
                f"{FORMS[self.method]} was expected. Received: {len(self.arguments)} arguments."
            )


class Read(NamedTuple):
    """What a text says, as JSON would say it.

    Attributes:
        message: the dictionary.
        lines: of each dictionary and list in it, by its id, the line that says it.
    """

    message: dict[str, Any]
    lines: dict[int, int]


def calls_of(text: str, known: Mapping[str, str]) -> Iterator[Call]:
    """The calls of a text whose methods are `known`; raises TextError for another line."""
    for line, said in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not said.strip(BLANK):
            continue
        said = said.strip(BLANK)
        head = HEAD.match(said)
        method = head[1].lower() if head else ""
        if head is None or method not in known or not said.endswith(")"):
            raise TextError(
                f"Line {line}: expected one of {', '.join(known.values())}. "
                f"Received: {said[:SHOWN]!r}."
            )
        call = Call(line, method, [])
        call.arguments.extend(_divided(call, said[head.end() : -1], ","))
        yield call


def only(calls: list[Call], method: str) -> Call:
    """The one call of a method that a message has."""
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


def _divided(call: Call, text: str, separator: str) -> list[str]:
    """Parts of a text, without blanks around them; none is divided within braces."""
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

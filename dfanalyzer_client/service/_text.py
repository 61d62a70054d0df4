"""DfAnalyzer's text protocol, as its C++, Java and Spark clients speak it: one call to a line.

What is read is the same dictionary that a client would send as JSON, so all that comes after is the
same, too::

    dataflow(TAG)
    program(NAME,PATH)
    dataset(TAG,{attribute;…},{type;…})
    extractor(TAG,SET,METHOD,CARTRIDGE,{attribute;…},{type;…})
    extractor_combination(SET,OUTER,INNER,{key;…},{type;…})
    transformation(TAG,{input set;…},{output set;…},{program;…})

    task(DATAFLOW,TRANSFORMATION,ID,SUBID,STATUS[,WORKSPACE[,RESOURCE]])
    collection(SET,{{value;…};{value;…}})
    dependency({transformation;…},{{id;…};{id;…}})
    file(NAME,PATH)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import DfAnalyzerError
from .messages.dataflow import DataflowMessage
from .messages.task import TaskMessage

__all__ = ["TextError", "dataflow_of", "read_dataflow", "read_task", "task_of"]

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

M = TypeVar("M", bound=BaseModel)


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
        return [] if index >= len(self.arguments) else _parts(self, self.arguments[index])


class Read(NamedTuple):
    """What a text says, as JSON would say it.

    Attributes:
        message: the dictionary.
        lines: of each dictionary and list in it, by its id, the line that says it.
    """

    message: dict[str, Any]
    lines: dict[int, int]


def dataflow_of(body: bytes) -> DataflowMessage:
    """The message of a dataflow in text; raises TextError."""
    return _validated(DataflowMessage, read_dataflow(_decoded(body)))


def task_of(body: bytes) -> TaskMessage:
    """The message of a task in text; raises TextError."""
    return _validated(TaskMessage, read_task(_decoded(body)))


def read_dataflow(text: str) -> Read:
    """A dataflow as the same message in JSON; raises TextError."""
    return _Dataflow(list(_calls(text, DATAFLOW_CALLS))).read()


def read_task(text: str) -> Read:
    """A task as the same message in JSON; raises TextError."""
    calls = list(_calls(text, TASK_CALLS))
    task = _only(calls, "task", TASK_CALLS)
    _count(task, 5, 7, TASK_CALLS)
    names = ("dataflow", "transformation", "id", "subid", "status", "workspace", "resource")
    message: dict[str, Any] = dict(zip(names, task.arguments, strict=False))
    lines = {id(message): task.line}
    takes: dict[str, tuple[str, Callable[[Call], dict[str, Any]]]] = {
        "collection": ("sets", _collection),
        "file": ("files", _named_path),
    }
    pairs: list[dict[str, Any]] = []
    for call in calls:
        if call.method in takes:
            key, read = takes[call.method]
            found = read(call)
            message.setdefault(key, []).append(found)
            lines[id(found)] = call.line
        elif call.method == "dependency":
            pairs += _dependency(call)
            lines.setdefault(id(pairs), call.line)
    if pairs:
        message["dependency"] = pairs
    return Read(message, lines)


class _Dataflow:
    """The calls of a dataflow's message, put together."""

    def __init__(self, calls: list[Call]) -> None:
        self._calls = calls
        self._lines: dict[int, int] = {}
        self._sets: dict[str, dict[str, Any]] = {}
        self._unused: dict[tuple[str, str], Call] = {}
        self._programs: dict[str, dict[str, Any]] = {}
        self._writers: dict[str, str] = {}

    def read(self) -> Read:
        head = _only(self._calls, "dataflow", DATAFLOW_CALLS)
        _count(head, 1, 1, DATAFLOW_CALLS)
        for method, take in (
            ("program", self._program),
            ("dataset", self._dataset),
            ("extractor", self._extractor),
            ("extractor_combination", self._combination),
        ):
            for call in self._of(method):
                take(call)
        transformations = list(self._of("transformation"))
        for call in transformations:
            _count(call, 3, 4, DATAFLOW_CALLS)
            for tag in call.names(2):
                self._writers.setdefault(tag.lower(), call.arguments[0])
        message = {
            "tag": head.arguments[0],
            "transformations": [self._transformation(call) for call in transformations],
        }
        self._lines[id(message)] = head.line
        for (what, name), call in self._unused.items():
            raise call.error(f"no transformation names the {what} {name!r}.")
        return Read(message, self._lines)

    def _of(self, method: str) -> Iterator[Call]:
        return (call for call in self._calls if call.method == method)

    def _program(self, call: Call) -> None:
        program = _named_path(call)
        self._programs[program["name"]] = self._at(call, program)
        self._unused["program", program["name"]] = call

    def _dataset(self, call: Call) -> None:
        _count(call, 1, 3, DATAFLOW_CALLS)
        self._attributes(call, call.arguments[0], 1)

    def _extractor(self, call: Call) -> None:
        _count(call, 4, 6, DATAFLOW_CALLS)
        tag, of, method, cartridge = call.arguments[:4]
        self._attributes(call, of, 4)
        extractor = {"tag": tag, "cartridge": method.upper(), "extension": cartridge.upper()}
        self._set(call, of)["extractors"].append(self._at(call, extractor))

    def _combination(self, call: Call) -> None:
        _count(call, 4, 5, DATAFLOW_CALLS)
        of, outer, inner = call.arguments[:3]
        combination = {
            "outer": outer, "inner": inner, "keys": call.names(3), "keyTypes": call.names(4)
        }  # fmt: skip
        self._set(call, of)["extractorCombinations"].append(self._at(call, combination))

    def _attributes(self, call: Call, tag: str, index: int) -> None:
        names, types = call.names(index), call.names(index + 1)
        if len(names) != len(types):
            raise call.error(f"{len(names)} attributes and {len(types)} types do not pair.")
        known = self._set(call, tag)["attributes"]
        given = {each["name"].lower(): each["type"] for each in known}
        for name, type_ in zip(names, types, strict=True):
            if given.setdefault(name.lower(), type_) != type_:
                raise call.error(f"attribute {name!r} is {given[name.lower()]} and {type_}.")
            if all(each["name"].lower() != name.lower() for each in known):
                known.append(self._at(call, {"name": name, "type": type_}))

    def _set(self, call: Call, tag: str) -> dict[str, Any]:
        if tag.lower() not in self._sets:
            self._sets[tag.lower()] = {
                "attributes": [], "extractors": [], "extractorCombinations": []
            }  # fmt: skip
            self._unused["set", tag.lower()] = call
        return self._sets[tag.lower()]

    def _transformation(self, call: Call) -> dict[str, Any]:
        tag = call.arguments[0]
        sets = [self._side(call, name, "INPUT") for name in call.names(1)]
        sets += [self._side(call, name, "OUTPUT") for name in call.names(2)]
        programs = []
        for name in call.names(3):
            if name not in self._programs:
                raise call.error(f"program {name!r} has no line program(NAME,PATH).")
            self._unused.pop(("program", name), None)
            programs.append(self._programs[name])
        return self._at(call, {"tag": tag, "sets": sets, "programs": programs})

    def _side(self, call: Call, tag: str, type_: str) -> dict[str, Any]:
        """A set of a transformation; one that it reads may be written by another."""
        self._unused.pop(("set", tag.lower()), None)
        side: dict[str, Any] = {"tag": tag, "type": type_, **self._sets.get(tag.lower(), {})}
        writer = self._writers.get(tag.lower())
        if type_ == "INPUT" and writer is not None and writer != call.arguments[0]:
            side["dependency"] = writer
        return self._at(call, side)

    def _at(self, call: Call, said: dict[str, Any]) -> dict[str, Any]:
        self._lines[id(said)] = call.line
        return said


def _collection(call: Call) -> dict[str, Any]:
    _count(call, 2, 2, TASK_CALLS)
    tag, text = call.arguments
    elements = [_parts(call, each) for each in _parts(call, text) if each]
    for number, element in enumerate(elements, 1):
        if any("{" in value or "}" in value for value in element):
            raise call.error(f"element {number} has braces in a value.")
    return {"tag": tag, "elements": elements}


def _named_path(call: Call) -> dict[str, Any]:
    """The path is the rest, for it may hold commas."""
    _count(call, 2, len(call.arguments), {**DATAFLOW_CALLS, **TASK_CALLS})
    return {"name": call.arguments[0], "path": ",".join(call.arguments[1:])}


def _dependency(call: Call) -> list[dict[str, Any]]:
    """Pairs of a transformation and the ids of its tasks."""
    _count(call, 2, 2, TASK_CALLS)
    tags, groups = call.names(0), call.names(1)
    ids = [_parts(call, each) if each.startswith("{") else [each] for each in groups]
    if len(tags) == 1:
        ids = [[number for each in ids for number in each]]
    if len(tags) != len(ids):
        raise call.error(f"{len(tags)} transformations and {len(ids)} lists of ids do not pair.")
    return [
        {"tag": tag, "id": number}
        for tag, numbers in zip(tags, ids, strict=True)
        for number in filter(None, numbers)
    ]


def _calls(text: str, known: Mapping[str, str]) -> Iterator[Call]:
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


def _parts(call: Call, text: str) -> list[str]:
    """The parts of a list in braces."""
    if not text:
        return []
    if not (text.startswith("{") and text.endswith("}")):
        raise call.error(f"a list in braces, as {{a;b}}, was expected. Received: {text[:SHOWN]!r}.")
    inner = text[1:-1].strip()
    return _divided(call, inner, ";") if inner else []


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


def _only(calls: list[Call], method: str, known: Mapping[str, str]) -> Call:
    """The one call of a method that a message has."""
    found = [call for call in calls if call.method == method]
    if len(found) > 1:
        raise found[1].error(f"{method}(…) is given twice in one message.")
    if not found:
        raise TextError(f"Line 1: the message has no line {known[method]}.")
    return found[0]


def _count(call: Call, least: int, most: int, known: Mapping[str, str]) -> None:
    if not least <= len(call.arguments) <= most or not call.arguments[0]:
        raise call.error(
            f"{known[call.method]} was expected. Received: {len(call.arguments)} arguments."
        )


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise TextError(f"Line {line}: it is not UTF-8.") from None


def _validated(model: type[M], read: Read) -> M:
    """The message, checked as if it came in JSON; raises TextError for the first problem."""
    try:
        return model.model_validate(read.message)
    except ValidationError as error:
        problem = error.errors()[0]
    line, at = read.lines[id(read.message)], read.message
    for key in problem["loc"]:
        try:
            at = at[key]  # type: ignore[index]  # or it is no place in the message
        except (LookupError, TypeError):
            break
        line = read.lines.get(id(at), line)
    where = ".".join(map(str, problem["loc"]))
    raise TextError(f"Line {line}: {where}: {problem['msg']}")

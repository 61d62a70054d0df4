"""Read a dataflow from text, as the message that a client would send in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .calls import DATAFLOW_CALLS, Call, Read, calls_of, named_path, only

__all__ = ["read_dataflow"]


def read_dataflow(text: str) -> Read:
    """The message of a dataflow; raises TextError."""
    return _Dataflow(list(calls_of(text, DATAFLOW_CALLS))).read()


class _Dataflow:
    """Puts the calls of a dataflow's message together."""

    def __init__(self, calls: list[Call]) -> None:
        self._calls = calls
        self._lines: dict[int, int] = {}
        self._sets: dict[str, dict[str, Any]] = {}
        self._unused: dict[tuple[str, str], Call] = {}
        self._programs: dict[str, dict[str, Any]] = {}
        self._writers: dict[str, str] = {}

    def read(self) -> Read:
        head = only(self._calls, "dataflow")
        head.check_count(1, 1)
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
            call.check_count(3, 4)
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
        program = named_path(call)
        self._programs[program["name"]] = self._at(call, program)
        self._unused["program", program["name"]] = call

    def _dataset(self, call: Call) -> None:
        call.check_count(1, 3)
        self._attributes(call, call.arguments[0], 1)

    def _extractor(self, call: Call) -> None:
        call.check_count(4, 6)
        tag, of, method, cartridge = call.arguments[:4]
        self._attributes(call, of, 4)
        read = [name.lower() for name in call.names(4)]
        for attribute in self._set(call, of)["attributes"]:
            if attribute["name"].lower() in read:
                attribute.setdefault("extractor", tag)  # if two read it, it is a key of both
        extractor = {"tag": tag, "cartridge": method.upper(), "extension": cartridge.upper()}
        self._set(call, of)["extractors"].append(self._at(call, extractor))

    def _combination(self, call: Call) -> None:
        call.check_count(4, 5)
        of, outer, inner = call.arguments[:3]
        combination = {
            "outer": outer,
            "inner": inner,
            "keys": call.names(3),
            "keyTypes": call.names(4),
        }
        self._set(call, of)["extractorCombinations"].append(self._at(call, combination))

    def _attributes(self, call: Call, tag: str, index: int) -> None:
        names, types = call.names(index), call.names(index + 1)
        if len(names) != len(types):
            raise call.error(f"{len(names)} attributes and {len(types)} types do not match.")
        known = self._set(call, tag)["attributes"]
        given = {attribute["name"].lower(): attribute["type"] for attribute in known}
        for name, type_ in zip(names, types, strict=True):
            if given.setdefault(name.lower(), type_) != type_:
                raise call.error(f"attribute {name!r} is {given[name.lower()]} and {type_}.")
            if all(attribute["name"].lower() != name.lower() for attribute in known):
                known.append(self._at(call, {"name": name, "type": type_}))

    def _set(self, call: Call, tag: str) -> dict[str, Any]:
        if tag.lower() not in self._sets:
            self._sets[tag.lower()] = {
                "attributes": [],
                "extractors": [],
                "extractorCombinations": [],
            }
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
        """A set of a transformation; another transformation may write a set that it reads."""
        self._unused.pop(("set", tag.lower()), None)
        side: dict[str, Any] = {"tag": tag, "type": type_, **self._sets.get(tag.lower(), {})}
        writer = self._writers.get(tag.lower())
        if type_ == "INPUT" and writer is not None and writer != call.arguments[0]:
            side["dependency"] = writer
        return self._at(call, side)

    def _at(self, call: Call, part: dict[str, Any]) -> dict[str, Any]:
        self._lines[id(part)] = call.line
        return part

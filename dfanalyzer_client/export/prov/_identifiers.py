"""How things are called in a PROV document: namespaces, identifiers, texts that any format takes.

Identifiers are made of tags and numbers of the execution alone, so the same execution has the same
ones in every export. Their local parts are XML names in ASCII with ``.`` between the parts, since
those are written alike in PROV-N, XML and Turtle. What a tag has beyond letters, digits, ``-`` and
``_`` is escaped as SQL/XML escapes names (ISO/IEC 9075-14): ``_x0020_`` for a blank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from prov.identifier import Namespace, QualifiedName

from ...errors import DfAnalyzerError
from ...executions.record import TaskRecord

__all__ = ["DEFAULT_BASE", "PROVONE", "Names", "escaped", "printable", "unescaped"]

DEFAULT_BASE = "https://w3id.org/keras-prov/"
"""Of all namespaces of ours; nothing need be served there."""

TERMS = Namespace("kp", f"{DEFAULT_BASE}ns#")
"""Classes and attributes of ours, the same whatever the base."""

ATTRIBUTES = Namespace("data", f"{DEFAULT_BASE}attribute#")
"""Attributes of sets by their names; likewise."""

CONTENTS = Namespace("content", f"{DEFAULT_BASE}content/")
"""Bytes by their SHA-256; likewise."""

PROVONE = Namespace("provone", "http://purl.dataone.org/provone/2015/01/15/ontology#")

_PLAIN = re.compile(r"[A-Za-z0-9-]|_(?!x[0-9A-F]{4,6}[^A-Za-z0-9-])")
"""What stays as it is: of underscores those that begin no escape, not even with another's begin."""
_ESCAPED = re.compile("_x([0-9A-F]{4,6})_")
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BASE = re.compile(r"(https?://|urn:)[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+[/#:]")
_HEX_DIGITS = 4


@dataclass(frozen=True)
class Names:
    """How things are called in the statements on one execution.

    Attributes:
        base: IRI that executions, dataflows and agents begin with; a publisher's own perhaps.
        execution: tag of the execution; empty: statements on several.
        runs: executions (``runs``).
        inner: what is in this execution (``run``): its IRIs begin with that of the execution.
        flows: dataflows and their parts (``flow``).
        agents: persons, programs and machines (``agent``).
    """

    base: str = DEFAULT_BASE
    execution: str = ""
    runs: Namespace = field(init=False)
    inner: Namespace = field(init=False)
    flows: Namespace = field(init=False)
    agents: Namespace = field(init=False)

    def __post_init__(self) -> None:
        if not _BASE.fullmatch(self.base):
            raise DfAnalyzerError(
                "The base of a PROV document's identifiers (KERAS_PROV_BASE) is an IRI that ends "
                f"with /, # or :, as https://example.org/provenance/. Received: {self.base!r}."
            )
        run = f"run/{escaped(self.execution)}."
        for name, prefix, part in (
            ("runs", "runs", "run/"),
            ("inner", "run", run),
            ("flows", "flow", "dataflow/"),
            ("agents", "agent", "agent/"),
        ):
            object.__setattr__(self, name, Namespace(prefix, self.base + part))

    def of(self, execution: str) -> Names:
        """The same for statements on an execution."""
        return Names(self.base, execution)

    @property
    def namespaces(self) -> list[Namespace]:
        """Those that statements may need, in order."""
        inner = [self.inner] if self.execution else []
        return [
            TERMS,
            ATTRIBUTES,
            *inner,
            self.runs,
            self.flows,
            self.agents,
            CONTENTS,
            PROVONE,
        ]

    def term(self, name: str) -> QualifiedName:
        """A class or an attribute of ours."""
        return TERMS[name]

    def attribute(self, name: str) -> QualifiedName:
        """The attribute of a set."""
        return ATTRIBUTES[escaped(name)]

    def run(self, execution: str, *parts: object) -> QualifiedName:
        """An execution, or something in it."""
        if parts and execution == self.execution:
            return self.inner[joined(*parts)]
        return self.runs[joined(execution, *parts)]

    def task(self, task: TaskRecord) -> QualifiedName:
        """A task of this execution."""
        return self.run(self.execution, "task", task.transformation, task.name)

    def flow(self, dataflow: str, *parts: object) -> QualifiedName:
        """A dataflow, or something in it."""
        return self.flows[joined(dataflow, *parts)]

    def agent(self, kind: str, name: str, version: str | None = None) -> QualifiedName:
        """A person, a program or a machine."""
        named = joined(kind, name)
        return self.agents[named if version is None else f"{named}.{_version(version)}"]

    def content(self, sha256: str) -> QualifiedName:
        """The bytes of a file, wherever they are."""
        return CONTENTS[joined("sha256", sha256.lower())]


def joined(*parts: object) -> str:
    """Parts of a name with ``.`` between them."""
    return ".".join(escaped(str(part), first=number == 0) for number, part in enumerate(parts))


def escaped(text: str, *, first: bool = True) -> str:
    """`text` as (the beginning of) an XML name in ASCII; two texts never become one."""
    found = []
    for number, character in enumerate(text):
        is_start = first and number == 0 and not (character.isalpha() or character == "_")
        plain = _PLAIN.match(text, number) is not None
        found.append(character if plain and not is_start else _escape(character))
    return "".join(found) or _escape("\0")  # which no text holds


def unescaped(name: str) -> str:
    """The text that `escaped` made a name of."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)


def _version(text: str) -> str:
    """A version as the last part of a name, its own points among its letters."""
    return ".".join(escaped(part, first=False) for part in text.split("."))


def _escape(character: str) -> str:
    return f"_x{ord(character):0{_HEX_DIGITS}X}_"


def printable(text: str) -> str:
    r"""`text` with what XML cannot hold spelled out (``\u0007``), for all formats alike."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

"""Names in a PROV document: namespaces, identifiers, and texts that every format accepts.

Identifiers are built only from tags and numbers of the execution, so they are the same in every
export. What is unique only within a database, such as a dataflow or an account, is named within its
site (`dfanalyzer_client.executions.sites`), so that documents of several sites can be merged.
Local parts are XML names in ASCII with ``.`` between the parts, because those look the same in
PROV-N, XML and Turtle. Other characters than letters, digits, ``-`` and ``_`` are escaped as in
SQL/XML (ISO/IEC 9075-14): ``_x0020_`` for a space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from prov.identifier import Namespace, QualifiedName

from ...errors import DfAnalyzerError
from ...executions.record import TaskRecord
from ...executions.sites import is_unique

__all__ = ["DEFAULT_BASE", "PROVONE", "Names", "escaped", "printable", "unescaped"]

DEFAULT_BASE = "https://w3id.org/keras-prov/"
"""Base of all our namespaces; docs/reference/namespace.md says what each leads to."""

TERMS = Namespace("kp", f"{DEFAULT_BASE}ns#")
"""Our classes and attributes, the same for every base."""

ATTRIBUTES = Namespace("data", f"{DEFAULT_BASE}attribute#")
"""Attributes of sets by their names; likewise."""

CONTENTS = Namespace("content", f"{DEFAULT_BASE}content/")
"""Bytes by their SHA-256; likewise."""

PROVONE = Namespace("provone", "http://purl.dataone.org/provone/2015/01/15/ontology#")

_PLAIN = re.compile(r"[A-Za-z0-9-]|_(?!x[0-9A-F]{4,6}[^A-Za-z0-9-])")
"""Characters that need no escape; an underscore only if it cannot be taken for the start of one."""
_SIMPLE = re.compile("[A-Za-z0-9-]+")
_ESCAPED = re.compile("_x([0-9A-F]{4,6})_")
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BASE = re.compile(r"(https?://|urn:)[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+[/#:]")
_HEX_DIGITS = 4


@dataclass(frozen=True)
class Names:
    """The names in the statements about one execution.

    Attributes:
        base: IRI that executions, dataflows and agents begin with; publishers may set their own.
        execution: tag of the execution; empty: statements about several.
        runs: executions (``runs``).
        site: the database that has it; empty: it is not known.
        inner: parts of this execution (``run``): their IRIs begin with that of the execution.
        flows: dataflows of this site, and their parts (``flow``).
        agents: persons and programs that are the same everywhere (``agent``).
        locals: accounts, machines and programs of this site (``site``).
    """

    base: str = DEFAULT_BASE
    execution: str = ""
    site: str = ""
    runs: Namespace = field(init=False)
    inner: Namespace = field(init=False)
    flows: Namespace = field(init=False)
    agents: Namespace = field(init=False)
    locals: Namespace = field(init=False)

    def __post_init__(self) -> None:
        if not _BASE.fullmatch(self.base):
            raise DfAnalyzerError(
                "The base of a PROV document's identifiers (KERAS_PROV_BASE) must be an IRI that "
                "ends with /, # or :, such as https://example.org/provenance/. "
                f"Received: {self.base!r}."
            )
        run = f"run/{joined(*self._own(self.execution))}."
        site = f"{self.site}." if self.site else ""
        for name, prefix, part in (
            ("runs", "runs", "run/"),
            ("inner", "run", run),
            ("flows", "flow", f"dataflow/{site}"),
            ("agents", "agent", "agent/"),
            ("locals", "site", f"agent/{site}"),
        ):
            object.__setattr__(self, name, Namespace(prefix, self.base + part))

    def of(self, execution: str) -> Names:
        """The names for statements about one execution."""
        return Names(self.base, execution, self.site)

    def at(self, site: str) -> Names:
        """The names for statements about what is in the database of a site."""
        return Names(self.base, self.execution, site)

    @property
    def namespaces(self) -> list[Namespace]:
        """The namespaces that statements may need, in order."""
        inner = [self.inner] if self.execution else []
        return [
            TERMS,
            ATTRIBUTES,
            *inner,
            self.runs,
            self.flows,
            self.agents,
            self.locals,
            CONTENTS,
            PROVONE,
        ]

    def term(self, name: str) -> QualifiedName:
        """One of our classes or attributes."""
        return TERMS[name]

    def attribute(self, name: str) -> QualifiedName:
        """The attribute of a set."""
        return ATTRIBUTES[escaped(name)]

    def run(self, execution: str, *parts: object) -> QualifiedName:
        """An execution, or something in it."""
        if parts and execution == self.execution:
            return self.inner[joined(*parts)]
        return self.runs[joined(*self._own(execution), *parts)]

    def _own(self, execution: str) -> list[str]:
        """What names an execution: its tag, and its site if others may have given that tag, too."""
        return [execution] if is_unique(execution) or not self.site else [execution, self.site]

    def task(self, task: TaskRecord) -> QualifiedName:
        """A task of this execution."""
        return self.run(self.execution, "task", task.transformation, task.name)

    def flow(self, dataflow: str, *parts: object) -> QualifiedName:
        """A dataflow, or something in it."""
        return self.flows[joined(dataflow, *parts)]

    def agent(self, kind: str, name: str, version: str | None = None) -> QualifiedName:
        """A person or a program that is the same wherever it is named."""
        named = joined(kind, name)
        return self.agents[named if version is None else f"{named}.{_version(version)}"]

    def local(self, kind: str, name: str) -> QualifiedName:
        """An account, a machine or a program, whose name another site may use for another one."""
        return self.locals[joined(kind, name)]

    def content(self, sha256: str) -> QualifiedName:
        """The content of a file, wherever it is."""
        return CONTENTS[joined("sha256", sha256.lower())]


def joined(*parts: object) -> str:
    """The escaped parts of a name, joined by ``.``."""
    return ".".join(escaped(str(part), first=number == 0) for number, part in enumerate(parts))


def escaped(text: str, *, first: bool = True) -> str:
    """`text` as an XML name in ASCII, or as a later part of one; different texts stay different."""
    if _SIMPLE.fullmatch(text) and (not first or text[0].isalpha()):
        return text
    found = []
    for number, character in enumerate(text):
        is_start = first and number == 0 and not (character.isalpha() or character == "_")
        plain = _PLAIN.match(text, number) is not None
        found.append(character if plain and not is_start else _escape(character))
    return "".join(found) or _escape("\0")  # no text contains NUL


def unescaped(name: str) -> str:
    """The text that `escaped` turned into a name."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)


def _version(text: str) -> str:
    """A version as the last part of a name; it keeps its dots."""
    return ".".join(escaped(part, first=False) for part in text.split("."))


def _escape(character: str) -> str:
    return f"_x{ord(character):0{_HEX_DIGITS}X}_"


def printable(text: str) -> str:
    r"""`text` with characters that XML cannot hold spelled out (``\u0007``), in all formats."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

"""Turtle (https://www.w3.org/TR/turtle/): triples as text, the properties of a subject together."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from prov.constants import PROV
from prov.identifier import Identifier, Namespace, QualifiedName
from prov.model import Literal, canonical_xsd_datatype

from ._prov_o import RDFS, XSD, Resource, Triple

__all__ = ["prefixes", "turtle"]

LOCAL_NAME = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)?")
"""Local names that need no escapes; ours are like that."""

INTEGER = re.compile(r"[+-]?[0-9]+")
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
ESCAPED = re.compile('["\\\\\n\r]')
NOT_IN_IRIS = re.compile(r'[\x00-\x20<>"{}|^`\\]')
BETWEEN = " ;\n    "
FIRST = ("rdf:type", "rdfs:label")
"""Properties that come first."""


def prefixes(namespaces: Iterable[Namespace]) -> str:
    """The lines that declare prefixes, among them those of PROV, RDF Schema and XML Schema."""
    every = {(each.prefix, each.uri) for each in (*namespaces, PROV, RDFS, XSD)}
    return "".join(f"@prefix {prefix}: <{_iri(uri)}> .\n" for prefix, uri in sorted(every))


def turtle(statements: Iterable[Triple]) -> Iterator[str]:
    """The text of each subject, in the order of their first triples.

    Its properties are sorted, the type and the label first; so are the values of a property.
    """
    subjects: dict[str, dict[str, set[str]]] = {}
    for subject, property_, value in statements:
        found = subjects.setdefault(_name(subject), defaultdict(set))
        found[_name(property_)].add(_term(value))
    for name, properties in subjects.items():
        lines = (
            f"{'a' if property_ == FIRST[0] else property_} {_joined(properties[property_])}"
            for property_ in sorted(properties, key=_order)
        )
        yield f"{name} {BETWEEN.join(lines)} .\n"


def _order(property_: str) -> tuple[int, str]:
    return FIRST.index(property_) if property_ in FIRST else len(FIRST), property_


def _joined(values: set[str]) -> str:
    return ",\n        ".join(sorted(values))


def _name(name: QualifiedName) -> str:
    if LOCAL_NAME.fullmatch(name.localpart):
        return str(name)
    return f"<{_iri(name.uri)}>"


def _term(value: Any) -> str:
    """A resource or a literal."""
    return WRITTEN.get(type(value), _other)(value)


def _double(number: float) -> str:
    """A double with all its digits, as XML Schema spells it."""
    if math.isfinite(number):
        text = repr(number)
    else:
        text = "NaN" if math.isnan(number) else "INF" if number > 0 else "-INF"
    return f'"{text}"^^xsd:double'


def _integer(number: int) -> str:
    kind = canonical_xsd_datatype(number)
    return f'"{number}"^^{kind}'


def _literal(literal: Literal) -> str:
    if literal.langtag:
        return f"{_text(literal.value)}@{literal.langtag}"
    if literal.datatype is None:
        return _text(literal.value)
    if literal.datatype == XSD["integer"] and INTEGER.fullmatch(literal.value):
        return str(literal.value)
    return f"{_text(literal.value)}^^{_name(literal.datatype)}"


def _text(text: str) -> str:
    return f'"{ESCAPED.sub(lambda found: ESCAPES[found[0]], text)}"'


def _other(value: Any) -> str:
    if isinstance(value, Identifier):
        return f"{_text(value.uri)}^^xsd:anyURI"
    raise TypeError(f"No value of PROV: {value!r}")


def _iri(text: str) -> str:
    return NOT_IN_IRIS.sub(lambda found: f"%{ord(found[0]):02X}", text)


WRITTEN: dict[type, Callable[[Any], str]] = {
    QualifiedName: _name,
    Resource: lambda value: f"<{_iri(value.uri)}>",
    str: _text,
    float: _double,
    bool: lambda value: str(value).lower(),
    int: _integer,
    datetime: lambda value: f'"{value.isoformat()}"^^xsd:dateTime',
    Literal: _literal,
}
"""How a value of each type is written."""

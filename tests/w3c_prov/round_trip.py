"""What a PROV document loses when it is written in a format and read back.

    differences = same(document, "json")

An empty list says that every record came back: its type, its identifier and each attribute with
its datatype. Names are compared by URI, since a prefix is only a spelling.
"""

import datetime
from collections import Counter
from typing import Any, TypeAlias

from prov.identifier import Identifier, QualifiedName
from prov.model import Literal, ProvBundle, ProvDocument, ProvRecord

FORMATS = ("provn", "json", "jsonld", "xml", "rdf:turtle", "rdf:trig", "rdf:xml")
# What writes bundles: a graph of plain Turtle or RDF/XML has no name to carry one.
FORMATS_WITH_BUNDLES = ("provn", "json", "jsonld", "xml", "rdf:trig")

Value: TypeAlias = tuple[str, ...]
Attribute: TypeAlias = tuple[str, Value]
Record: TypeAlias = tuple[str, str, frozenset[Attribute]]


def written(document: ProvDocument, format: str) -> str:
    """`document` in `format`, one of FORMATS."""
    name, _, rdf_format = format.partition(":")
    options = {"rdf_format": rdf_format} if rdf_format else {}
    text = document.serialize(format=name, **options)
    if not isinstance(text, str):
        raise TypeError(f"prov returned no text for {format!r}. Received: {text!r}")
    return text


def read(text: str, format: str) -> ProvDocument:
    """The document that `text` says in `format`, one of FORMATS."""
    name, _, rdf_format = format.partition(":")
    options = {"rdf_format": rdf_format} if rdf_format else {}
    return ProvDocument.deserialize(content=text, format=name, **options)


def same(document: ProvDocument, format: str) -> list[str]:
    """What differs once `document` was written in `format` and read back, a line each."""
    return differences(document, read(written(document, format), format))


def differences(before: ProvDocument, after: ProvDocument) -> list[str]:
    """What `after` lacks of `before`, and what it has too many, a line each."""
    old, new = _instances(before), _instances(after)
    found = [f"bundle {name} is missing" for name in sorted(old.keys() - new.keys())]
    found += [f"bundle {name} is new" for name in sorted(new.keys() - old.keys())]
    for name in sorted(old.keys() & new.keys()):
        found += [f"{name}: {line}" if name else line for line in _changes(old[name], new[name])]
    return found


def _changes(before: ProvBundle, after: ProvBundle) -> list[str]:
    old = Counter(map(_record, before.get_records()))
    new = Counter(map(_record, after.get_records()))
    missing, extra = list((old - new).elements()), list((new - old).elements())
    found = []
    for record in sorted(missing, key=repr):
        twin = next((other for other in extra if _may_be(record, other)), None)
        if twin is None:
            found.append(f"missing: {_text(record)}")
        else:
            extra.remove(twin)
            lost, gained = sorted(record[2] - twin[2]), sorted(twin[2] - record[2])
            found.append(f"changed: {record[0]} {record[1] or '-'}: {lost} became {gained}")
    return found + [f"extra: {_text(record)}" for record in sorted(extra, key=repr)]


def _may_be(record: Record, other: Record) -> bool:
    """Whether `other` is the changed `record`: same kind and name, or same ends when unnamed."""
    if record[:2] != other[:2]:
        return False
    return bool(record[1]) or bool(record[2] & other[2])


def _text(record: Record) -> str:
    return f"{record[0]} {record[1] or '-'} {sorted(record[2])}"


def _instances(document: ProvDocument) -> dict[str, ProvBundle]:
    named = {_uri(bundle.identifier): bundle for bundle in document.bundles}
    return {"": document, **named}


def _record(record: ProvRecord) -> Record:
    attributes = frozenset((name.uri, _value(value)) for name, value in record.attributes)
    return str(record.get_type()), _uri(record.identifier), attributes


def _uri(identifier: Identifier | None) -> str:
    return "" if identifier is None else identifier.uri


def _value(value: Any) -> Value:
    match value:
        case QualifiedName():
            return "name", value.uri
        case Identifier():
            return "anyURI", value.uri
        case Literal():
            datatype = "" if value.datatype is None else value.datatype.uri
            return "literal", value.value, datatype, (value.langtag or "").lower()
        case datetime.datetime():
            return "dateTime", value.isoformat()
        case _:
            return type(value).__name__, repr(value)  # NaN, unequal to itself, has one repr

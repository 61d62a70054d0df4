"""The data of an execution in Croissant 1.1: its fingerprints, and where it came from."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from typing import Any

from ...config.author import licence_url
from ...executions.record import FileRecord
from ..file_locations import is_url, location_uri, published_location
from ._facts import Facts
from ._publisher import Publisher
from ._texts import day, finite, json_document, plain

__all__ = ["croissant"]

Json = dict[str, Any]

CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of Croissant 1.1, with PROV's namespace, which that version uses."""

COLUMNS = {
    "role": ("sc:Text", "Training, validation or test."),
    "name": ("sc:Text", "Which part of the data."),
    "kind": ("sc:Text", "What kind of object held it."),
    "shape": ("sc:Text", "Lengths of its dimensions."),
    "dtype": ("sc:Text", "Type of its numbers."),
    "samples": ("sc:Integer", "Length of its first dimension."),
    "hash": ("sc:Text", "SHA-256 of its type, shape and elements."),
    "hash_kind": ("sc:Text", "Whole, or how it was sampled."),
    "spec": ("sc:Text", "What else the object says of itself."),
}
"""Columns of the fingerprints: type and meaning."""

FINGERPRINTS = "fingerprints"
BUILT_IN = mimetypes.MimeTypes(filenames=())
"""Not the types of this machine, so that a document is the same on each."""


def croissant(facts: Facts, publisher: Publisher) -> str:
    """The data that an execution was trained and tested with."""
    author = publisher.author
    content = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "@id": publisher.iri("data"),
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": f"data of {plain(facts.tag)}",
        "description": _description(facts, publisher),
        "url": publisher.iri(),
        "version": "1.0.0",
        "datePublished": day(facts.moment),
        "license": None if publisher.licence is None else licence_url(publisher.licence),
        "creator": None
        if author is None
        else {"@type": "sc:Person", "name": plain(author.label), "url": author.orcid_url},
        "prov:wasDerivedFrom": list(_origins(facts, publisher)),
        "distribution": [_file(file) for file in facts.sources if _is_whole(file)],
        "recordSet": [_record_set(facts)] if facts.data else [],
    }
    return json_document({key: value for key, value in content.items() if value})


def _description(facts: Facts, publisher: Publisher) -> str:
    parts = [
        f"The data that execution {plain(facts.tag)} of {plain(facts.dataflow)} was trained and "
        "tested with, as Keras-Prov recorded it: fingerprints of arrays, and files that were read."
    ]
    if not facts.is_over:
        parts.append("The execution had not ended when this was written.")
    parts += [
        f"{plain(task.transformation)} {plain(task.name)} is {plain(task.status)}."
        for task in facts.unfinished
    ]
    if not facts.data:
        parts.append("Fingerprints were not recorded (key DATASET).")
    if publisher.licence is None:
        parts.append("The licence of the data is not recorded.")
    parts.append("Who collected the data, how, and from whom, is not recorded.")
    return " ".join(parts)


def _origins(facts: Facts, publisher: Publisher) -> Iterator[Json]:
    """The files that were read by their content, and the fingerprints in the PROV document."""
    for file in facts.sources:
        if _is_whole(file):
            yield {
                "@id": publisher.content(str(file.sha256)),
                "@type": "prov:Entity",
                "prov:label": plain(file.name or published_location(file.path)),
            }
    for each in facts.data:
        yield {
            "@id": publisher.iri("set", each.set, each.row),
            "@type": "prov:Entity",
            "prov:label": plain(f"{each.role} {each.name}".strip()),
        }


def _is_whole(file: FileRecord) -> bool:
    return bool(file.sha256)


def _file(file: FileRecord) -> Json:
    name = file.name or published_location(file.path)
    kind, _ = BUILT_IN.guess_type(name)
    content = {
        "@type": "cr:FileObject",
        "@id": f"file-{file.number}",
        "name": plain(name),
        "contentUrl": location_uri(file.path) if is_url(file.path) else plain(name),
        "contentSize": None if file.size is None else f"{file.size} B",
        "encodingFormat": kind or "application/octet-stream",
        "sha256": file.sha256,
    }
    return {key: value for key, value in content.items() if value}


def _record_set(facts: Facts) -> Json:
    """The fingerprints, as records within the description."""
    return {
        "@type": "cr:RecordSet",
        "@id": FINGERPRINTS,
        "name": FINGERPRINTS,
        "description": "A record for each part of the data.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{FINGERPRINTS}/{name}",
                "name": f"{FINGERPRINTS}/{name}",
                "description": meaning,
                "dataType": type_,
            }
            for name, (type_, meaning) in COLUMNS.items()
        ],
        "data": [
            {f"{FINGERPRINTS}/{name}": _value(each.values.get(name)) for name in COLUMNS}
            for each in facts.data
        ],
    }


def _value(value: object) -> object:
    if value is None:
        return None
    if finite(value):
        return int(value) if float(value).is_integer() else value  # type: ignore[call-overload,arg-type]  # is a number
    return plain(value)

"""Whether events are what OpenLineage's specification says, as its client's classes spell it.

The classes are generated from the JSON schemas, and name each of them by its URL. Facets of ours
are validated against our own schema.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import attr
from jsonschema import Draft202012Validator
from openlineage.client import generated

__all__ = ["checked_event", "facets_of"]

ROOT = Path(__file__).parents[2]
OURS = json.loads((ROOT / "docs/reference/openlineage-facets.json").read_text())
REQUIRED = ("eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs")


def _classes() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(generated.__path__):
        for each in vars(import_module(f"{generated.__name__}.{module.name}")).values():
            if isinstance(each, type) and attr.has(each) and hasattr(each, "_get_schema"):
                yield each._get_schema(), each


CLASSES = dict(_classes())


def checked_event(line: bytes | str) -> dict[str, Any]:
    """The event in a line of JSON, which has all that it must have, and nothing else."""
    event: dict[str, Any] = json.loads(line, parse_constant=_no_constant)
    assert set(event) == set(REQUIRED)
    assert (
        event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    )
    assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    assert UUID(event["run"]["runId"])
    assert set(event["run"]) <= {"runId", "facets"}
    assert set(event["job"]) <= {"namespace", "name", "facets"}
    for dataset in (*event["inputs"], *event["outputs"]):
        assert dataset["namespace"], dataset
        assert dataset["name"], dataset
    names = [(each["namespace"], each["name"]) for each in event["inputs"]]
    assert len(names) == len(set(names))
    for name, facet in facets_of(event):
        _check_facet(name, facet)
    return event


def facets_of(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All facets of an event, with their names."""
    yield from event["run"].get("facets", {}).items()
    yield from event["job"].get("facets", {}).items()
    for dataset in (*event["inputs"], *event["outputs"]):
        for key in ("facets", "inputFacets", "outputFacets"):
            yield from dataset.get(key, {}).items()


def _check_facet(name: str, facet: dict[str, Any]) -> None:
    schema = facet["_schemaURL"]
    assert urlsplit(facet["_producer"]).scheme == "https"
    if schema.startswith(OURS["$id"]):
        assert name.startswith("kerasProv_")
        _, _, definition = schema.partition("#")
        Draft202012Validator({**OURS, "$ref": f"#{definition}"}).validate(facet)
        return
    assert not name.startswith("kerasProv_")
    _check_object(CLASSES[schema], facet)


def _check_object(class_: Any, found: dict[str, Any]) -> None:
    fields = {each.name: each for each in attr.fields(class_)}
    assert found.keys() <= fields.keys(), (class_, found)
    needed = {name for name, each in fields.items() if each.default is attr.NOTHING}
    assert needed <= found.keys(), (class_, found)


def _no_constant(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")

"""A bill of materials in CycloneDX 1.6: the model, its data, its files, and what it ran on.

The CycloneDX library for Python has no model cards (as of 11.12), so the JSON is written here; the
tests check it with that library's strict validator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...executions.record import FileRecord
from ...keras_schema import names as tags
from ...support.distribution import NAMES
from ..file_locations import published_location
from ._facts import Data, Facts, Training
from ._package_url import package_url
from ._publisher import Publisher
from ._texts import json_document, moment, plain

__all__ = ["ml_bom"]

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
PREFIX = "keras-prov:"
SHA256 = re.compile("[0-9a-f]{64}")

Json = dict[str, Any]


def ml_bom(facts: Facts, publisher: Publisher) -> str:
    """The bill of materials of the model that an execution trained."""
    model = publisher.iri()
    parts = [*_data(facts, publisher), *_files(facts), *_packages(facts)]
    return json_document(
        _filled(
            {
                "$schema": SCHEMA,
                "bomFormat": "CycloneDX",
                "specVersion": "1.6",
                "serialNumber": f"urn:uuid:{publisher.serial}",
                "version": 1,
                "metadata": _metadata(facts, publisher),
                "components": parts,
                "dependencies": [
                    {"ref": model, "dependsOn": [part["bom-ref"] for part in parts]},
                ],
                "formulation": [{"workflows": [_workflow(facts, publisher)]}],
            }
        )
    )


def _metadata(facts: Facts, publisher: Publisher) -> Json:
    author = publisher.author
    return {
        "timestamp": moment(facts.moment),
        "lifecycles": [{"phase": "build"}],
        "tools": {"components": [_tool(facts)]},
        "authors": []
        if author is None
        else [_filled({"name": plain(author.label), "email": author.email})],
        "component": _model(facts, publisher),
    }


def _tool(facts: Facts) -> Json:
    packages = facts.environment.last("package")
    version = next((packages[name] for name in NAMES if packages.get(name)), None)
    return _filled({"type": "application", "name": "keras-prov", "version": version})


def _model(facts: Facts, publisher: Publisher) -> Json:
    states = {} if facts.is_over else {"ended": "not when this was written"}
    for task in facts.unfinished:
        states[f"{task.transformation} {task.name}"] = " ".join(
            filter(None, (task.status, plain(task.error) if task.error else ""))
        )
    return _filled(
        {
            "type": "machine-learning-model",
            "bom-ref": publisher.iri(),
            "name": plain(facts.dataflow),
            "version": plain(facts.tag),
            "description": (
                f"The model of execution {plain(facts.tag)}, {facts.summary.status}, as Keras-Prov "
                "recorded it. What is not in its rows is left out: intended use, limitations and "
                "risks are not recorded."
            ),
            "licenses": _licences(publisher.licence),
            "modelCard": _card(facts, publisher),
            "properties": [
                *_properties("state:", states),
                *_properties("derived-from:", dict(enumerate(facts.record.derived_from, 1))),
            ],
        }
    )


def _licences(licence: str | None) -> list[Json]:
    if licence is None:
        return []
    if "://" in licence:
        return [{"license": {"name": licence, "url": licence}}]
    return [{"expression": licence}]


def _card(facts: Facts, publisher: Publisher) -> Json:
    return _filled(
        {
            "modelParameters": {
                "datasets": [{"ref": _data_reference(each, publisher)} for each in facts.data]
            },
            "quantitativeAnalysis": {"performanceMetrics": list(_measured(facts))},
            "properties": [
                *(
                    each
                    for training in facts.trainings
                    for each in _properties(
                        f"training {training.number}:hyperparameter:", training.configuration
                    )
                ),
                *_properties("adaptation:", _changes(facts)),
                *_properties("layers", {"": len(facts.layers)} if facts.layers else {}),
            ],
        }
    )


def _measured(facts: Facts) -> Iterator[Json]:
    of = [(f"last epoch of training {each.number}", each.metrics) for each in facts.trainings]
    of += [(f"test {each.number}", each.metrics) for each in facts.tests]
    for part, metrics in of:
        for name, value in metrics.items():
            yield {"type": plain(name), "value": plain(value), "slice": part}


def _changes(facts: Facts) -> dict[object, object]:
    """Each adaptation in a line."""
    found: dict[object, object] = {}
    for number, row in enumerate(facts.changes, 1):
        what = row.get(tags.ADAPTED_ATTRIBUTE.lower()) or "learning_rate"
        old = row.get(tags.OLD_VALUE.lower(), row.get(tags.OLD_RATE.lower(), "unknown"))
        new = row.get(tags.NEW_VALUE.lower(), row.get(tags.NEW_RATE.lower(), "unknown"))
        epoch = row.get(tags.EPOCH_ID.lower(), "unknown")
        found[number] = (
            f"{what} from {plain(old)} to {plain(new)} from epoch {plain(epoch)} on, by "
            f"{row.get(tags.CAUSE.lower(), 'an unknown cause')}"
        )
    return found


def _data_reference(each: Data, publisher: Publisher) -> str:
    return publisher.iri("set", each.set, each.row)


def _data(facts: Facts, publisher: Publisher) -> Iterator[Json]:
    """Data as components; a fingerprint is no hash of a file, and is a property, then."""
    for each in facts.data:
        name = f"{each.role} {each.name}".strip() or "data"
        yield _filled(
            {
                "type": "data",
                "bom-ref": _data_reference(each, publisher),
                "name": plain(name),
                "data": [{"type": "dataset", "name": plain(name)}],
                "properties": _properties("", each.values),
            }
        )


def _files(facts: Facts) -> Iterator[Json]:
    found: dict[tuple[str, str | None], FileRecord] = {}
    for file in (*facts.written, *facts.loaded, *facts.sources):
        found.setdefault((file.path, file.sha256), file)
    for number, file in enumerate(found.values(), 1):
        is_digest = file.sha256 is not None and SHA256.fullmatch(file.sha256)
        yield _filled(
            {
                "type": "file",
                "bom-ref": f"file-{number}",
                "name": plain(file.name or published_location(file.path)),
                "hashes": [{"alg": "SHA-256", "content": file.sha256}] if is_digest else [],
                "properties": _properties(
                    "",
                    {
                        "mode": file.mode,
                        "kind": facts.kind(file) or None,
                        "task": file.task.transformation,
                        "size": file.size,
                    },
                ),
            }
        )


def _packages(facts: Facts) -> Iterator[Json]:
    for name, version in facts.environment.last("package").items():
        purl = package_url(name, version)
        yield _filled(
            {
                "type": "framework" if name.lower() == "keras" else "library",
                "bom-ref": purl,
                "name": plain(name),
                "version": plain(version),
                "purl": purl,
            }
        )


def _workflow(facts: Facts, publisher: Publisher) -> Json:
    """How the model came to be: the execution and its trainings."""
    return _filled(
        {
            "bom-ref": f"{publisher.iri()}#workflow",
            "uid": plain(facts.tag),
            "name": plain(facts.dataflow),
            "taskTypes": ["build", "test"] if facts.tests else ["build"],
            "timeStart": moment(facts.record.began),
            "timeEnd": moment(facts.record.ended),
            "tasks": [_task(training, publisher) for training in facts.trainings],
        }
    )


def _task(training: Training, publisher: Publisher) -> Json:
    task = training.task
    iri = publisher.iri("task", task.transformation, task.name)
    return _filled(
        {
            "bom-ref": iri,
            "uid": iri,
            "name": f"training {training.number}",
            "taskTypes": ["build"],
            "timeStart": moment(task.began),
            "timeEnd": moment(task.ended),
            "properties": _properties(
                "", {"status": task.status, "epochs": training.epochs, **training.outcome}
            ),
        }
    )


def _properties(prefix: str, values: Mapping[Any, object]) -> list[Json]:
    return [
        {"name": f"{PREFIX}{plain(f'{prefix}{name}')}", "value": plain(value)}
        for name, value in values.items()
        if value is not None
    ]


def _filled(content: Json) -> Json:
    """What has a value: neither None, nor empty."""
    return {
        key: found
        for key, value in content.items()
        if (found := _filled(value) if isinstance(value, dict) else value) not in (None, "", [], {})
    }

"""Formal parameters of the workflow, and the values that its tasks had for them.

A hyperparameter is one parameter; each of its values is listed once, however many trainings had
it. A set with any number of rows is one parameter, too: a file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ...executions.record import ExecutionRecord, SetRecord
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...support.numbers import non_finite_text
from ._labels import spelled
from ._tables import Table

__all__ = ["Entity", "Parameters", "parameters_of", "reference"]

Entity = dict[str, Any]
"""An entity of JSON-LD: its ``@id``, its ``@type``, its properties."""

TIMES = frozenset({tags.TRAINING_STARTED.lower()})
TYPES = {"NUMERIC": "Number", "TEXT": "Text", "FILE": "Text"}


@dataclass
class Parameters:
    """Entities of parameters and values.

    Attributes:
        inputs: ids of a transformation's formal parameters, by its tag.
        outputs: likewise.
        values: ids of the values that a task had, by its id.
    """

    entities: dict[str, Entity] = field(default_factory=dict)
    inputs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    outputs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    values: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


def parameters_of(record: ExecutionRecord, tables: Sequence[Table]) -> Parameters:
    """The parameters that have a value in an execution."""
    result = Parameters()
    for content in record.sets:
        if _is_of_values(content):
            _add_values(result, content)
    for table in tables:
        _add_file(result, table)
    return result


def reference(*ids: str) -> Entity | list[Entity]:
    """References to entities, as the value of a property: one, or a list of several."""
    found = [{"@id": id_} for id_ in ids]
    return found[0] if len(found) == 1 else found


def _is_of_values(content: SetRecord) -> bool:
    rows = Counter(row.task.id for row in content.rows)
    return (
        not content.is_output
        and content.layout.role in (None, Role.HYPERPARAMETERS)
        and max(rows.values()) == 1
    )


def _add_values(result: Parameters, content: SetRecord) -> None:
    for position, (name, attribute) in enumerate(content.layout.attributes.items()):
        given = [
            (row.task.id, row.values[position])
            for row in content.rows
            if row.values[position] is not None
        ]
        if name in TIMES or not given:
            continue
        parameter = f"#{quote(content.tag, safe='')}.{quote(name, safe='')}"
        result.entities[parameter] = {
            "@id": parameter,
            "@type": "FormalParameter",
            "name": name,
            "description": f"Attribute {name} of {spelled(content.tag)}.",
            "additionalType": TYPES.get(attribute.type, "Text"),
        }
        for transformation in content.layout.consumers:
            result.inputs[transformation].append(parameter)
        known: dict[str, str] = {}
        for task, value in given:
            new = f"{parameter}-{len(known) + 1}"
            id_ = known.setdefault(repr(value), new)
            result.entities[id_] = _value(id_, name, value, parameter)
            result.values[task].append(id_)


def _value(id_: str, name: str, value: Any, parameter: str) -> Entity:
    return {
        "@id": id_,
        "@type": "PropertyValue",
        "name": name,
        "value": _plain(value),
        "exampleOfWork": reference(parameter),
    }


def _plain(value: Any) -> Any:
    """A value that JSON can represent."""
    if isinstance(value, float) and (text := non_finite_text(value)) is not None:
        return text
    return value if isinstance(value, (int, float)) else str(value)


def _add_file(result: Parameters, table: Table) -> None:
    content = table.content
    parameter = f"#{quote(content.tag, safe='')}"
    result.entities[parameter] = {
        "@id": parameter,
        "@type": "FormalParameter",
        "name": table.name,
        "description": f"The rows of {table.name}.",
        "additionalType": "File",
        "encodingFormat": "text/csv",
    }
    for transformation in content.layout.producers:
        result.outputs[transformation].append(parameter)
    for transformation in content.layout.consumers:
        result.inputs[transformation].append(parameter)

"""``python -m tools.capture_docs`` writes the tables of docs/reference that come from the code.

They are what can be captured, all columns, and the settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import keras_prov
from dfanalyzer_client.config.table import SETTINGS
from dfanalyzer_client.export.prov import CLASSES, PROPERTIES
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema.names import TRAINING_INPUT

__all__ = ["PAGES", "up_to_date"]

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
PAGES = (
    REFERENCE / "capture.md",
    REFERENCE / "settings.md",
    REFERENCE / "namespace.md",
    REFERENCE / "attributes.md",
    REFERENCE / "vocabulary.ttl",
)
TABLE = re.compile(r"((?:<!--|#) table: (\w+)(?: -->)?\n).*?((?:<!--|#) end(?: -->)?)", re.DOTALL)


def up_to_date(text: str) -> str:
    """The page with its tables generated again."""
    tables = {
        "attributes": _attributes,
        "classes": _classes,
        "columns": _every_column,
        "hyperparameters": _hyperparameters,
        "options": _options,
        "properties": _properties,
        "sets": _sets,
        "settings": _settings,
        "vocabulary": _vocabulary,
    }
    return TABLE.sub(lambda found: found[1] + tables[found[2]]() + found[3], text)


def _settings() -> str:
    return _table(
        ("variable", "in pyproject.toml", "meaning", "default"),
        (
            (
                f"`{setting.variable}`",
                f"`{setting.key}`" if setting.of_project else "never",
                setting.meaning,
                setting.default,
            )
            for setting in SETTINGS
        ),
    )


def _every_column() -> str:
    return _table(
        ("table", "column", "type", "unit", "meaning"),
        (
            (f"`{set_.name}`", f"`{column.name.lower()}`", column.type, column.unit, column.meaning)
            for set_ in SETS.values()
            for column in set_.columns
        ),
    )


def _hyperparameters() -> str:
    return _table(
        ("key", "type", "unit", "meaning"),
        (
            (f"`{known.key}`", known.type, known.unit, known.meaning)
            for known in keras_prov.known_hyperparameters()
            if known.type != "rows"
        ),
    )


def _options() -> str:
    return _table(
        ("key", "captures", "table", "columns", "costs"),
        (
            (
                f"`{option.key}`",
                option.meaning,
                f"`{option.set.lower()}`",
                _columns(option.set),
                option.cost,
            )
            for option in keras_prov.known_hyperparameters()
            if option.type == "rows"
        ),
    )


def _sets() -> str:
    keys = {known.key: known.set for known in keras_prov.known_hyperparameters()}
    return _table(
        ("table", "when", "holds", "columns", "costs"),
        (
            (f"`{set_.name}`", set_.when, set_.holds, _columns(set_.tag), set_.cost)
            for set_ in SETS.values()
            if set_.tag != TRAINING_INPUT and keys.get(set_.when) != set_.tag
        ),
    )


def _columns(tag: str) -> str:
    return ", ".join(f"`{name.lower()}`" for name in SETS[tag].names)


def _classes() -> str:
    return _table(
        ("term", "is a", "meaning"),
        ((_anchored(each.name), f"`prov:{each.parent}`", each.meaning) for each in CLASSES),
    )


def _properties() -> str:
    return _table(
        ("term", "meaning"), ((_anchored(each.name), each.meaning) for each in PROPERTIES)
    )


def _attributes() -> str:
    found: dict[str, dict[str, list[str]]] = {}
    for set_ in SETS.values():
        for column in set_.columns:
            meanings = found.setdefault(column.name.lower(), {})
            meanings.setdefault(column.meaning, []).append(f"`{set_.name}`")
    for known in keras_prov.known_hyperparameters():
        if known.type != "rows":
            sets = found.setdefault(known.key.lower(), {}).setdefault(known.meaning, [])
            sets.append(f"`{TRAINING_INPUT.lower()}`")
    return _table(
        ("attribute", "meaning"),
        (
            (
                _anchored(name),
                "; ".join(f"{meaning} ({', '.join(sets)})" for meaning, sets in meanings.items()),
            )
            for name, meanings in sorted(found.items())
        ),
    )


def _anchored(name: str) -> str:
    """A name that a fragment leads to."""
    return f'<a id="{name}"></a>`{name}`'


def _vocabulary() -> str:
    """The terms in Turtle, for programs."""
    lines = []
    for each in CLASSES:
        lines.append(f"kp:{each.name} a rdfs:Class ; rdfs:subClassOf prov:{each.parent} ;")
        lines.append(f'    rdfs:label "{each.name}" ; rdfs:comment "{each.meaning}" ;')
        lines.append("    rdfs:isDefinedBy <https://w3id.org/keras-prov/ns> .")
    for each in PROPERTIES:
        lines.append(f'kp:{each.name} a rdf:Property ; rdfs:label "{each.name}" ;')
        lines.append(f'    rdfs:comment "{each.meaning}" ;')
        lines.append("    rdfs:isDefinedBy <https://w3id.org/keras-prov/ns> .")
    return "".join(f"{line}\n" for line in lines)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(up_to_date(page.read_text(encoding="utf-8")), encoding="utf-8")

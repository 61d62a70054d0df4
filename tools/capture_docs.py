"""``python -m tools.capture_docs``: the tables of docs/reference that the code spells.

What can be captured, every column, and the settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import keras_prov
from dfanalyzer_client.config.table import SETTINGS
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema.names import TRAINING_INPUT

__all__ = ["PAGES", "up_to_date"]

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
PAGES = (REFERENCE / "capture.md", REFERENCE / "settings.md")
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def up_to_date(text: str) -> str:
    """The page with its tables made again."""
    tables = {
        "columns": _every_column,
        "hyperparameters": _hyperparameters,
        "options": _options,
        "sets": _sets,
        "settings": _settings,
    }
    return TABLE.sub(lambda found: found[1] + tables[found[2]]() + found[3], text)


def _settings() -> str:
    return _table(
        ("variable", "in pyproject.toml", "meaning", "default"),
        (
            (
                f"`{each.variable}`",
                f"`{each.key}`" if each.of_project else "never",
                each.meaning,
                each.default,
            )
            for each in SETTINGS
        ),
    )


def _every_column() -> str:
    return _table(
        ("table", "column", "type", "unit", "meaning"),
        (
            (f"`{each.name}`", f"`{column.name.lower()}`", column.type, column.unit, column.meaning)
            for each in SETS.values()
            for column in each.columns
        ),
    )


def _hyperparameters() -> str:
    return _table(
        ("key", "type", "unit", "meaning"),
        (
            (f"`{each.key}`", each.type, each.unit, each.meaning)
            for each in keras_prov.known_hyperparameters()
            if each.type != "rows"
        ),
    )


def _options() -> str:
    return _table(
        ("key", "captures", "table", "columns", "costs"),
        (
            (f"`{each.key}`", each.meaning, f"`{each.set.lower()}`", _columns(each.set), each.cost)
            for each in keras_prov.known_hyperparameters()
            if each.type == "rows"
        ),
    )


def _sets() -> str:
    keys = {each.key: each.set for each in keras_prov.known_hyperparameters()}
    return _table(
        ("table", "when", "holds", "columns", "costs"),
        (
            (f"`{each.name}`", each.when, each.holds, _columns(each.tag), each.cost)
            for each in SETS.values()
            if each.tag != TRAINING_INPUT and keys.get(each.when) != each.tag
        ),
    )


def _columns(tag: str) -> str:
    return ", ".join(f"`{name.lower()}`" for name in SETS[tag].names)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(each)} |\n" for each in lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(up_to_date(page.read_text(encoding="utf-8")), encoding="utf-8")

"""``python -m tools.capture_docs``: the tables of what can be captured, in docs/reference."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import keras_prov
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema.names import TRAINING_INPUT

__all__ = ["PAGE", "up_to_date"]

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "capture.md"
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def up_to_date(text: str) -> str:
    """The page with its tables made anew."""
    made = {"hyperparameters": _hyperparameters, "options": _options, "sets": _sets}
    return TABLE.sub(lambda found: found[1] + made[found[2]]() + found[3], text)


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
    PAGE.write_text(up_to_date(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

"""``python -m tools.capture_docs``: the tables of what can be captured, in docs/reference."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import dfanalyzer_client.keras_schema as tags
import keras_prov
from keras_prov._recording.dataflow import COLUMNS

__all__ = ["PAGE", "up_to_date"]

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "capture.md"
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

ALWAYS = {
    tags.LAYERS: ("with any hyperparameter", "a row for each layer and argument", "once"),
    tags.CONNECTIONS: ("with any hyperparameter", "the graph: layer to layer", "once"),
    tags.OPTIMIZERS: (
        "with any hyperparameter, of models with several",
        "an optimizer of several, by its attribute's name", "once",
    ),
    tags.OPTIMIZER_RATES: (
        "`adaptation`, of models with several", "the rate of each optimizer in each epoch",
        "some µs per optimizer and epoch",
    ),
    tags.TRAINING_OUTPUT: (
        "always", "a row for each epoch, and a column for each metric", "some µs per epoch",
    ),
    tags.TRAINING_END: ("always", "how a training ended", "once"),
    tags.METRIC_NAMES: (
        "when it happens", "a metric that is called otherwise than its attribute", "once each",
    ),
    tags.ADAPTATION_OUTPUT: (
        "`adaptation`", "a row for each change of the configuration", "some µs per epoch",
    ),
    tags.TESTING_OUTPUT: ("always", "a row for each `evaluate()`", "once per test"),
    tags.TESTING_DATASET: ("DATASET", "fingerprints of the data of a test", "as DATASET"),
    tags.SAVED_FILE: (
        "when it happens", "a file that was written, and MODEL's", "SHA-256 of the file",
    ),
    tags.LOADED_FILE: ("when it happens", "a file that was read", "SHA-256 of the file"),
    tags.TRIAL: ("within a trial", "a parameter of the search", "once"),
    tags.TRIAL_END: ("within a trial", "its state, and the value of each objective", "once"),
}  # fmt: skip


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
    return _table(
        ("table", "when", "holds", "columns", "costs"),
        (
            (f"`{tag.lower()}`", when, holds, _columns(tag), cost)
            for tag, (when, holds, cost) in ALWAYS.items()
        ),
    )


def _columns(tag: str) -> str:
    return ", ".join(f"`{name.lower()}`" for name in COLUMNS[tag])


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(each)} |\n" for each in lines)


if __name__ == "__main__":
    PAGE.write_text(up_to_date(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

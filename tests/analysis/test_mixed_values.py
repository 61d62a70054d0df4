"""Conditions on a hyperparameter that is a number in some runs and a text in others."""

from __future__ import annotations

import pytest

import dfanalyzer_client
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation

NAME = "zmixed"


def ran(tag, type_, value):
    """A run with the hyperparameter; its tag."""
    given = Set("iTrainingModel", SetType.INPUT, [Attribute(NAME, type_)])
    dataflow = Dataflow(tag, [Transformation("TrainingModel", [given])])
    with dataflow.task("TrainingModel") as task:
        task.used([value])
    return dataflow.exec_tag


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("< 0.2", ["number"]),
        ("IN (0.1, 7)", ["number"]),
        ("= 'auto'", ["text"]),
        ("LIKE 'au%'", ["text"]),
        ("IN ('auto', 'other')", ["text"]),
        ("<> 'auto'", ["number"]),
        ("IS NULL", []),
    ],
)
def test_numbers_and_texts_are_both_found(tag, condition, expected):
    """A number is compared with numbers, a text with texts, and neither is NULL."""
    found = {
        ran(f"{tag}_number", AttributeType.NUMERIC, 0.1): "number",
        ran(f"{tag}_text", AttributeType.TEXT, "auto"): "text",
    }
    assert dfanalyzer_client.flush(30)
    rows = dfanalyzer_client.runs(f"{NAME} {condition} AND dataflow LIKE '{tag.lower()}%'")
    assert [found[each.execution] for each in rows] == expected

"""The comparison in a file: values side by side, groups of curves, and parallel coordinates.

Texts are masked, should a secret have been stored before a rule masked it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...analysis import Comparison
from ...masking import masked, masked_row
from ..comparing.axes import axes_data, chosen_axes, target_of
from ..comparing.run_labels import differing_hyperparameters, groups_of

__all__ = ["MANY", "axes_of", "groups", "side_by_side"]

MANY = 5
"""Of fewer executions, the table says more than parallel coordinates, which make the file large."""

Row = Sequence[Any]


def side_by_side(compared: Comparison) -> dict[str, Any]:
    """What differs and what does not, each a row by its name, with a value for each execution."""
    rows = compared.transposed(same=True).rows
    differing = set(compared.differing)
    return {
        "differing": [_masked_value(row) for row in rows if row[0] in differing],
        "same": [_masked_value(row) for row in rows if row[0] not in differing],
    }


def groups(compared: Comparison) -> dict[str, list[str]]:
    """By what the curves can be grouped: the value of each execution, by the name."""
    found = groups_of(list(compared.runs), differing_hyperparameters(compared))
    return {name: _masked_texts(name, texts) for name, texts in found.items()}


def axes_of(compared: Comparison) -> dict[str, Any] | None:
    """What parallel coordinates draw; None: there are too few executions or axes."""
    target = target_of(compared, "")
    axes = chosen_axes(compared, (), target)
    if len(compared.runs) < MANY or len(axes) < 2:
        return None
    data = axes_data(compared, axes, target)
    for axis in data["axes"]:
        axis["texts"] = _masked_texts(axis["title"], axis["texts"])
    for run in data["runs"]:
        run["label"] = masked(run["label"])
    return data


def _masked_texts(name: str, texts: Sequence[str]) -> list[str]:
    return masked_row([name] * len(texts), texts)


def _masked_value(row: Row) -> list[Any]:
    name, *values = row
    return [name, *(masked(each) if isinstance(each, str) else each for each in values)]

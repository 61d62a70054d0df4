"""Custom hyperparameters: names, types and values, checked by the call that sets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dfanalyzer_client.declarations.names import checked_name
from dfanalyzer_client.declarations.values import stored_value

from .._inspection.hyperparameters import KNOWN

__all__ = ["checked_custom", "checked_values"]

TYPES = ("NUMERIC", "TEXT")
RESERVED = ("id", "TrainingModel_task_id", "ITRAIN_TIMESTAMP")
"""Columns that ``iTrainingModel`` always has."""


def checked_custom(
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]],
) -> dict[str, str]:
    """Names and types of custom hyperparameters.

    Raises:
        TypeError: `hyperparameters` are not pairs of name and type.
        ValueError: a name is taken or cannot be one, or a type is unknown.
    """
    custom: dict[str, str] = {}
    for name, type_ in _pairs(hyperparameters):
        checked_name(name, "name of a hyperparameter")
        if str(type_).upper() not in TYPES:
            raise ValueError(
                f"The type of hyperparameter {name!r} must be one of {', '.join(TYPES)}. "
                f"Received: {type_!r}."
            )
        taken = {key.lower() for key in (*KNOWN, *custom, *RESERVED)}
        if name.lower() in taken:
            raise ValueError(
                f"The name of hyperparameter {name!r} is taken. Rename it, or set {name.upper()} "
                "to True in hyps if it is one of known_hyperparameters()."
            )
        custom[name] = str(type_).upper()
    return custom


def _pairs(hyperparameters: Any) -> list[tuple[str, str]]:
    items = hyperparameters.items() if isinstance(hyperparameters, Mapping) else hyperparameters
    try:
        return [(name, type_) for name, type_ in items]
    except (TypeError, ValueError):
        raise TypeError(
            'Custom hyperparameters are pairs of name and type, as in [("DROP", "NUMERIC")]. '
            f"Received: {hyperparameters!r}."
        ) from None


def checked_values(values: Mapping[str, Any], custom: Mapping[str, str]) -> dict[str, Any]:
    """The values of custom hyperparameters.

    Raises:
        TypeError: a value cannot be stored.
        ValueError: a value has no declared hyperparameter, or does not fit its type.
    """
    unknown = [name for name in values if name not in custom]
    if unknown:
        raise ValueError(
            f"A value was given for {unknown[0]!r}, which is not in hyperparameters="
            f"{list(custom.items())!r}: declare it there."
        )
    for name, value in values.items():
        stored_value(value, custom[name], f"custom hyperparameter {name!r}")
    return dict(values)

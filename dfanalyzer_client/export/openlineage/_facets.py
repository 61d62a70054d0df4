"""Facets of ours, where OpenLineage has none: ``docs/reference/openlineage-facets.json``."""

from __future__ import annotations

from typing import Any

import attr
from openlineage.client.generated.base import DatasetFacet, RunFacet

from ...support.numbers import non_finite_text

__all__ = [
    "PRODUCER",
    "SCHEMA",
    "DataFacet",
    "EnvironmentFacet",
    "ExecutionFacet",
    "FileFacet",
    "MetricsFacet",
    "TrialFacet",
    "plain",
]

PRODUCER = "https://w3id.org/keras-prov/"
SCHEMA = "https://w3id.org/keras-prov/openlineage/1-0-0/facets.json#/$defs/"


def plain(value: Any) -> Any:
    """A value that JSON has; NaN and infinities are the texts that Python has."""
    if isinstance(value, float):
        return non_finite_text(value) or value
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


@attr.define
class ExecutionFacet(RunFacet):
    """The execution that a run is, with its identifier in PROV documents, and what it continues."""

    tag: str
    dataflow: str
    identifier: str
    status: str
    derivedFrom: list[str]  # noqa: N815  # spelled as OpenLineage spells names

    @staticmethod
    def _get_schema() -> str:
        return f"{SCHEMA}ExecutionRunFacet"


@attr.define
class EnvironmentFacet(RunFacet):
    """What a run ran in, by kind and name; a name with several values has a list."""

    facts: dict[str, dict[str, Any]]

    @staticmethod
    def _get_schema() -> str:
        return f"{SCHEMA}EnvironmentRunFacet"


@attr.define
class MetricsFacet(RunFacet):
    """What a run measured: metrics of its last epoch, and of its last test."""

    epochs: int
    training: dict[str, Any]
    test: dict[str, Any]

    @staticmethod
    def _get_schema() -> str:
        return f"{SCHEMA}MetricsRunFacet"


@attr.define
class TrialFacet(RunFacet):
    """The trial of a search that a run is."""

    framework: str | None
    study: str | None
    trial: str | None
    state: str | None
    objectives: dict[str, Any]

    @staticmethod
    def _get_schema() -> str:
        return f"{SCHEMA}TrialRunFacet"


@attr.define
class DataFacet(DatasetFacet):
    """Data as they were given to Keras."""

    role: str | None
    kind: str | None
    shape: str | None
    dtype: str | None
    hash: str | None
    hashKind: str | None  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return f"{SCHEMA}DataDatasetFacet"


@attr.define
class FileFacet(DatasetFacet):
    """A file: what it is, and its content."""

    kind: str | None
    size: int | None
    sha256: str | None

    @staticmethod
    def _get_schema() -> str:
        return f"{SCHEMA}FileDatasetFacet"

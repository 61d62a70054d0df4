"""Which dataflow the runs of each experiment of MLflow go to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...declarations.names import storable_tag

__all__ = ["Experiment", "dataflow_tags"]

UNNAMED = "mlflow"


class Experiment(NamedTuple):
    """An experiment; `age` puts older ones first."""

    age: int
    id: str
    name: str


def dataflow_tags(experiments: Iterable[Experiment]) -> dict[str, str]:
    """The tag of each experiment's dataflow, by the experiment's id.

    Tags are stored in lower case. Of experiments whose names differ only in case, the oldest has
    its name, and the others have their ids behind it, so that they stay apart.
    """
    tags: dict[str, str] = {}
    taken: set[str] = set()
    for _, id_, name in sorted(experiments):
        tag = storable_tag(name or UNNAMED).lower()
        while tag in taken:
            tag = f"{tag}_{id_}"
        taken.add(tag)
        tags[id_] = tag
    return tags

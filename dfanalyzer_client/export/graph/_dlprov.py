"""A graph as DLProv builds it, so that Cypher saved for DLProv gets its answers here.

What is named as there follows https://github.com/dbpina/dlprov: its `generate_prov.py`, README and
predefined dataflow. A row is an entity with ``dlprov:ds_tag``, a task and an execution are
activities with ``dlprov:dt_tag`` and ``dlprov:exec_tag``, the scientist and the hardware are agents
of the execution. What DLProv does not have is left out: collections, results, contents,
transformations, software, and derivations, which would be shortcuts in its questions for paths.
"""

from __future__ import annotations

from ...keras_schema import names as tags
from ..prov import unescaped
from ._graph import ACTIVITY, AGENT, ENTITY, HAD_PLAN, Graph, Node, safe_name
from ._values import Value

__all__ = ["as_dlprov"]

_PREFIX = "dlprov:"
_TERMS = {
    "kp:set": "ds_tag",
    "kp:row": "id",
    "kp:transformation": "dt_tag",
    "kp:execution": "exec_tag",
    "kp:dataflow": "df_tag",
    "kp:user": "name",
    "kp:host": "hostname",
    "kp:system": "os",
    "kp:release": "os_version",
    "kp:machine": "architecture",
}
"""DLProv's names for our attributes; others keep their names, with its prefix."""

_TRANSFORMATIONS = {tags.TRAINING.lower(): "train", tags.TESTING.lower(): "test"}
_SETS = {
    tags.TRAINING_INPUT.lower(): "itrain",
    tags.TRAINING_OUTPUT.lower(): "otrain",
    tags.TESTING_OUTPUT.lower(): "otest",
    tags.TESTING_DATASET.lower(): "otestset",
}
_PARTS = {
    (tags.DATASET.lower(), "data:role", "training"): "otrainset",
    (tags.DATASET.lower(), "data:role", "validation"): "ovalset",
    (tags.SAVED_FILE.lower(), "data:kind", "model"): "otrainedmodel",
    (tags.SAVED_FILE.lower(), "data:kind", "weights"): "oweights",
}
"""Sets of ours whose rows are in several sets of DLProv, by what an attribute of theirs is."""
_ATTRIBUTES = {
    ("otrain", tags.EPOCH_ID.lower()): "epoch",
    ("otrain", tags.EPOCH_ENDED.lower()): "timestamp",
    ("otrainedmodel", tags.FILE_PATH.lower()): "model_dir",
    ("oweights", tags.FILE_PATH.lower()): "weights_path",
}

_NODES = {
    ENTITY: frozenset({"Dataflow", "Element", "File"}),
    ACTIVITY: frozenset({"Execution", "Task"}),
    AGENT: frozenset({"Machine", "Person"}),
}
"""Labels of nodes that are kept."""
_TYPES = {
    "used": "used",
    "wasGeneratedBy": "wasGeneratedBy",
    "wasAssociatedWith": "wasAssociatedWith",
    "wasStartedBy": "wasInformedBy",
    HAD_PLAN: "used",
}
"""Types of relationships that are kept, as DLProv names them.

A task is informed by its execution only, and an execution used its dataflow. What joins two tasks
is the set that one wrote and the other used: more ways would be too many for a question for all.
"""


def as_dlprov(graph: Graph) -> Graph:
    """The graph with DLProv's names, without what DLProv does not have."""
    found = Graph()
    for key, node in graph.nodes.items():
        if _NODES[key[0]].intersection(node.labels):
            found.nodes[key] = Node(node.labels, _properties(node))
    for (type_, begin, end), properties in graph.relationships.items():
        if {begin, end} <= found.nodes.keys() and _is_kept(type_, found.nodes[begin]):
            found.join(_TYPES[type_], begin, end, properties)
    return found


def _is_kept(type_: str, begin: Node) -> bool:
    """Only executions, not their tasks, are associated with agents."""
    return type_ in _TYPES and (type_ != "wasAssociatedWith" or "Execution" in begin.labels)


def _properties(node: Node) -> dict[str, Value]:
    set_ = _set_of(node.properties)
    found = {_name(name, set_): value for name, value in node.properties.items()}
    transformation = node.properties.get("kp:transformation")
    if isinstance(transformation, str):
        found[f"{_PREFIX}dt_tag"] = _TRANSFORMATIONS.get(transformation, transformation)
    if set_:
        found[f"{_PREFIX}ds_tag"] = set_
    return found


def _set_of(properties: dict[str, Value]) -> str:
    """DLProv's name for the set of a row; empty if the node is no row."""
    own = properties.get("kp:set")
    if not isinstance(own, str):
        return ""
    for (set_, attribute, value), name in _PARTS.items():
        if set_ == own and properties.get(attribute) == value:
            return name
    return _SETS.get(own, own)


def _name(name: str, set_: str) -> str:
    prefix, _, local = name.partition(":")
    if prefix == "data":
        attribute = unescaped(local)
        if set_ == "otest":
            attribute = attribute.removeprefix(tags.TEST_METRIC_PREFIX)
        return safe_name(_PREFIX + _ATTRIBUTES.get((set_, attribute), attribute))
    return _PREFIX + _TERMS.get(name, local) if prefix == "kp" else name

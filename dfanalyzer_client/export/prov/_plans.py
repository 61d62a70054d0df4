"""The dataflow as a plan, on request with its transformations, sets and attributes.

They also have types of ProvONE (http://purl.dataone.org/provone-v1-dev), the extension of PROV for
the design of workflows.
"""

from __future__ import annotations

from prov.constants import PROV
from prov.identifier import QualifiedName

from ...executions.record import ExecutionRecord
from ...store.layout import SetLayout
from ._identifiers import PROVONE
from ._statements import Statements

__all__ = ["state_plan"]

PLAN, COLLECTION = PROV["Plan"], PROV["Collection"]


def state_plan(
    statements: Statements, record: ExecutionRecord, *, prospective: bool
) -> QualifiedName:
    """State the plan of an execution, and the transformations that its tasks follow."""
    names, flow = statements.names, record.dataflow
    stated = list(flow.transformations) if prospective else record.transformations
    plan = statements.entity(
        names.flow(flow.tag),
        f"dataflow {flow.tag}",
        [PLAN, COLLECTION, PROVONE["Workflow"], names.term("Dataflow")],
        {"dataflow": flow.tag},
    )
    for tag in stated:
        transformation = statements.entity(
            names.flow(flow.tag, "transformation", tag),
            f"transformation {tag}",
            [PLAN, PROVONE["Program"], names.term("Transformation")],
            {"transformation": tag},
        )
        statements.member(plan, transformation)
    if prospective:
        for known in flow.sets.values():
            _state_set(statements, flow.tag, plan, known)
    return plan


def _state_set(statements: Statements, flow: str, plan: QualifiedName, known: SetLayout) -> None:
    """State a set of the design, the transformations that write and read it, its attributes."""
    names = statements.names
    entity = statements.entity(
        names.flow(flow, "set", known.tag),
        f"set {known.tag}",
        [COLLECTION, PROVONE["Port"], names.term("SetDefinition")],
        {
            "set": known.tag,
            "writtenBy": [names.flow(flow, "transformation", tag) for tag in known.producers],
            "readBy": [names.flow(flow, "transformation", tag) for tag in known.consumers],
        },
    )
    statements.member(plan, entity)
    for name, attribute in known.attributes.items():
        described = statements.entity(
            names.flow(flow, "set", known.tag, "attribute", name),
            name,
            [names.term("Attribute")],
            {"attribute": name, "type": attribute.type},
        )
        statements.member(entity, described)

"""The crate's main entity: the script that was run, or the dataflow if there is no script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ...declarations.messages import AttributeMessage, DataflowMessage, SetMessage
from ...executions.environment import Environment, Source
from ...executions.record import ExecutionRecord
from ._crate import Crate
from ._parameters import Entity, Parameters, reference
from ._program import Program
from ._software import PYTHON, source_id, step_id, tool_id

__all__ = ["add_workflow", "describe_script"]

DATAFLOW = "dataflow.json"
DECLARED = "The dataflow as it was declared: its transformations, their sets and attributes."
TYPES = ("File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo")


def add_workflow(
    crate: Crate,
    record: ExecutionRecord,
    program: Program,
    environment: Environment,
    parameters: Parameters,
) -> str:
    """Add script and dataflow, one of them as the main entity, and return its id."""
    shared = _prospective(record, parameters)
    source = environment.source
    if source is not None:
        shared |= {"version": source.commit, "isBasedOn": reference(source_id(source))}
        if source.url:
            shared["url"] = reference(source.commit_url or source.url)
    description = describe_script(program, source)
    if program.path is None:
        main = _add_dataflow(crate, record, f"{description} {DECLARED}", shared)
    else:
        _add_dataflow(crate, record, DECLARED)
        about = {"@type": list(TYPES), "description": description, **shared}
        about["programmingLanguage"] = reference(PYTHON)
        main = crate.add_file(program.path, **about)
    crate.set_root(mainEntity=reference(main))
    return main


def describe_script(program: Program, source: Source | None) -> str:
    """What is known about the script."""
    script = program.script
    if program.path is None:
        text = f"The script is not in this crate: {script.reason}."
    elif program.is_recorded:
        text = "The script that was run: its SHA-256 is the recorded one."
    else:
        text = "The script that was run, as it was found when this crate was written."
        if script.changed is not None:
            text += (
                f" It was changed on {script.changed} UTC, after the run had begun: what ran may "
                "have been different."
            )
        elif program.differs:
            text += " It was changed: its SHA-256 is not the recorded one."
    if source is not None:
        changes = ", with changes that were not committed" if source.is_dirty else ""
        text += f" Its repository was at commit {source.commit}{changes}."
    return f"{text} Command: {script.command}" if script.command else text


def _prospective(record: ExecutionRecord, parameters: Parameters) -> Entity:
    """The parts of the workflow: the transformations that have tasks."""
    transformations = record.transformations
    shared: Entity = {
        "hasPart": reference(*map(tool_id, transformations)),
        "step": reference(*map(step_id, transformations)),
    }
    results = _ids(transformations, parameters.outputs)
    given = [id_ for id_ in _ids(transformations, parameters.inputs) if id_ not in results]
    for name, ids in (("input", given), ("output", results)):
        if ids:
            shared[name] = reference(*ids)
    return shared


def _ids(transformations: Sequence[str], of: Mapping[str, Sequence[str]]) -> list[str]:
    return list(
        dict.fromkeys(
            id_ for transformation in transformations for id_ in of.get(transformation, ())
        )
    )


def _add_dataflow(
    crate: Crate, record: ExecutionRecord, description: str, workflow: Entity | None = None
) -> str:
    """Add the dataflow; as the main entity, if `workflow` describes it as one."""
    text = json.dumps(_dataflow(record), indent=1, ensure_ascii=False)
    if workflow is None:
        return crate.add_text(DATAFLOW, f"{text}\n", description)
    language = {
        "@id": "#dataflow-json",
        "@type": "ComputerLanguage",
        "name": "DfAnalyzer's dataflows, in JSON",
    }
    about = {"@type": list(TYPES), "programmingLanguage": reference(crate.add(language))}
    return crate.add_text(DATAFLOW, f"{text}\n", description, **about, **workflow)


def _dataflow(record: ExecutionRecord) -> DataflowMessage:
    """The dataflow as DfAnalyzer's clients declare it."""
    return {
        "tag": record.dataflow.tag,
        "transformations": [
            {"tag": tag, "sets": _sets(record, tag)} for tag in record.dataflow.transformations
        ],
    }


def _sets(record: ExecutionRecord, transformation: str) -> list[SetMessage]:
    found: list[SetMessage] = []
    for known in record.dataflow.sets.values():
        attributes: list[AttributeMessage] = [
            {"name": name, "type": attribute.type} for name, attribute in known.attributes.items()
        ]
        if transformation in known.consumers:
            read: SetMessage = {"tag": known.tag, "type": "INPUT"}
            if known.producers:
                read["dependency"] = known.producers[0]
            read["attributes"] = attributes
            found.append(read)
        if transformation in known.producers:
            found.append({"tag": known.tag, "type": "OUTPUT", "attributes": attributes})
    return found

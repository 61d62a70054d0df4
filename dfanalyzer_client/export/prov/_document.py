"""Turn an execution's record into a W3C PROV document: pure functions.

docs/explanation/prov.md describes the mapping.
"""

from __future__ import annotations

from prov.constants import PROV
from prov.identifier import QualifiedName
from prov.model import ProvBundle, ProvDocument

from ...executions.record import ExecutionRecord, TaskRecord
from ...keras_schema import Role
from ._agents import state_agents
from ._files import state_files
from ._identifiers import PROVONE
from ._options import Options
from ._plans import state_plan
from ._requests import state_requests
from ._rows import Rows, state_rows
from ._statements import Statements
from ._usage import Reads, reads_of

__all__ = ["bundle_name", "document_of", "fill", "state_all"]

COLLECTION = PROV["Collection"]


def document_of(record: ExecutionRecord, options: Options) -> ProvDocument:
    """The document of one execution."""
    document = ProvDocument()
    fill(document, record, options)
    return document


def bundle_name(execution: str, site: str, options: Options) -> QualifiedName:
    """The name of the bundle of an execution in a document with several."""
    return options.names.at(site).run(execution, "bundle")


def fill(bundle: ProvBundle, record: ExecutionRecord, options: Options) -> None:
    """Add all statements about an execution to a document or bundle, with their namespaces."""
    state_all(Statements(bundle, options.names.at(record.site).of(record.tag)), record, options)


def state_all(statements: Statements, record: ExecutionRecord, options: Options) -> None:
    """State all that is known of an execution."""
    plan = state_plan(statements, record, prospective=options.prospective)
    run = _state_execution(statements, record)
    for task in record.tasks:
        _state_task(statements, record, run, task)
    agents = state_agents(statements, record, options, run, plan)
    state_requests(statements, record, options, agents)
    reads = reads_of(record)
    rows = state_rows(statements, record, reads, options)
    read, written = state_files(statements, record, rows)
    outputs = _state_sets(statements, record, run, rows, reads)
    compared = [
        rows.collection_name(content.tag)
        for content in record.sets
        if content.layout.role == Role.CONTINUATION
    ]
    _state_results(statements, record, run, [*outputs, *written], read, compared, agents.person)


def _state_execution(statements: Statements, record: ExecutionRecord) -> QualifiedName:
    names = statements.names
    return statements.activity(
        names.run(record.tag),
        f"execution {record.tag}",
        [names.term("Execution"), PROVONE["Execution"]],
        (record.began, record.ended),
        {
            "execution": record.tag,
            "dataflow": record.dataflow.tag,
            "dataflowVersion": record.version,
        },
    )


def _state_task(
    statements: Statements, record: ExecutionRecord, run: QualifiedName, task: TaskRecord
) -> None:
    """State a task as an activity that the execution started, informed by its dependencies."""
    names = statements.names
    activity = statements.activity(
        names.task(task),
        f"{task.transformation} {task.name}",
        [names.term("Task"), PROVONE["Execution"]],
        (task.began, task.ended),
        {
            "transformation": task.transformation,
            "status": task.status,
            "workspace": task.workspace or None,
            "resource": task.resource or None,
            "output": task.output or None,
            "error": task.error or None,
        },
    )
    statements.started(activity, run, task.began)
    for previous in task.depends_on:
        statements.informed(activity, names.task(previous))


def _state_sets(
    statements: Statements, record: ExecutionRecord, run: QualifiedName, rows: Rows, reads: Reads
) -> list[QualifiedName]:
    """State the sets that the execution used and generated; returns the generated ones."""
    written = {content.tag for content in record.sets if any(row.writer for row in content.rows)}
    for content in record.sets:
        collection = rows.collection_name(content.tag)
        if content.tag not in written:
            statements.used(run, collection)
            continue
        statements.generated(collection, run, record.ended)
        writers = {row.writer.id for row in content.rows if row.writer is not None}
        sources = {tag for writer in writers for tag in reads.get(writer, ())} - written
        for source in sorted(sources):
            statements.derived(collection, rows.collection_name(source), run)
    return [rows.collection_name(content.tag) for content in record.sets if content.tag in written]


def _state_results(
    statements: Statements,
    record: ExecutionRecord,
    run: QualifiedName,
    generated: list[QualifiedName],
    read: list[QualifiedName],
    compared: list[QualifiedName],
    person: QualifiedName | None,
) -> None:
    """State everything that the execution generated, whose it is, and what it was derived from.

    What differs from an execution that is continued was derived from that one's results, too.
    """
    if not generated:
        return
    results = _results(statements, record.tag)
    statements.generated(results, run, record.ended)
    for entity in generated:
        statements.member(results, entity)
    if person is not None:
        for entity in [results, *generated]:
            statements.attributed(entity, person)
    for file in read:
        statements.derived(results, file)
    for tag in record.derived_from:
        before = _results(statements, tag)
        statements.derived(results, before)
        for differences in compared:
            statements.derived(differences, before)


def _results(statements: Statements, execution: str) -> QualifiedName:
    """The collection of everything that an execution generated."""
    names = statements.names
    return statements.entity(
        names.run(execution, "results"),
        f"results of {execution}",
        [COLLECTION, names.term("Results")],
        {"execution": execution},
    )

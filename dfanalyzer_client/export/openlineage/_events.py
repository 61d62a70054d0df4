"""An execution as run events: START, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

from ...executions.annotations import Tag
from ...executions.environment import environment_of
from ...executions.record import ExecutionRecord
from ...executions.summaries import ExecutionSummary
from ...support.clock import naive_utc
from ..prov import Options
from ._datasets import data_read, files_read, files_written
from ._facets import PRODUCER, ExecutionFacet
from ._job_facets import job_facets
from ._run_facets import parent_of, result_facets, run_facets

__all__ = ["Source", "events_of"]

EXECUTION = "kerasProv_execution"

ENDS = {
    "FINISHED": RunState.COMPLETE,
    "FAILED": RunState.FAIL,
    "INTERRUPTED": RunState.ABORT,
    "PRUNED": RunState.ABORT,
    "ABANDONED": RunState.ABORT,
}
"""How a run ended, by the execution's status; RUNNING and READY have no end."""


@dataclass(frozen=True)
class Source:
    """What events are made of.

    Attributes:
        summary: which execution.
        record: its rows, masked for publication.
        tags: what people have said of it.
        options: of its PROV document, from whose identifier that of the run is made.
        namespace: of the job.
    """

    summary: ExecutionSummary
    record: ExecutionRecord
    tags: Sequence[Tag]
    options: Options
    namespace: str

    def identifier(self, tag: str) -> str:
        """The IRI of an execution in PROV documents."""
        return str(self.options.names.run(tag).uri)

    def run_id(self, tag: str) -> str:
        """The id of an execution's run: the UUID (RFC 9562, version 5) of its IRI."""
        return str(uuid5(NAMESPACE_URL, self.identifier(tag)))


def events_of(source: Source) -> Iterator[RunEvent]:
    """The events of an execution, in order; none if it has not begun."""
    record, namespace = source.record, source.namespace
    if record.began is None:
        return
    environment = environment_of(record)
    host = environment.first("platform", "host")
    job = Job(namespace, record.dataflow.tag, job_facets(record, environment, source.options))
    facets = run_facets(record, environment, source.tags)
    parent = parent_of(record, namespace)
    if parent is not None:
        facets["parent"] = parent
    run, status = source.run_id(record.tag), source.summary.status
    inputs = [*data_read(record, namespace), *files_read(record, host)]
    yield RunEvent(
        eventTime=_time(record.began),
        producer=PRODUCER,
        eventType=RunState.START,
        run=Run(run, {**facets, EXECUTION: _execution(source, "RUNNING")}),
        job=job,
        inputs=inputs,
        outputs=[],
    )
    if status not in ENDS:
        return
    facets |= {**result_facets(record, source.summary), EXECUTION: _execution(source, status)}
    yield RunEvent(
        eventTime=_time(_end(record)),
        producer=PRODUCER,
        eventType=ENDS[status],
        run=Run(run, facets),
        job=job,
        inputs=inputs,
        outputs=list(files_written(record, host)),
    )


def _execution(source: Source, status: str) -> ExecutionFacet:
    """Which execution a run is."""
    record = source.record
    return ExecutionFacet(
        record.tag,
        record.dataflow.tag,
        source.identifier(record.tag),
        status,
        [source.identifier(tag) for tag in record.derived_from],
        producer=PRODUCER,
    )


def _end(record: ExecutionRecord) -> datetime:
    """When the last task ended, as far as it is known: else when the last one began."""
    known = [time for task in record.tasks for time in (task.began, task.ended) if time is not None]
    return max(known)


def _time(time: datetime) -> str:
    """A time of the database, which is UTC, by ISO 8601."""
    return f"{naive_utc(time).isoformat()}Z"

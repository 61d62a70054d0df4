"""Actions of a crate: one per task, one for the whole run, and how the run called the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from urllib.parse import quote

from ...executions.record import TaskRecord
from ._labels import Run, key_of, label_of
from ._parameters import Entity, Parameters, reference
from ._software import PYTHON, step_id, tool_id

__all__ = [
    "COMPLETED",
    "FAILED",
    "ORCHESTRATION",
    "RUN",
    "Material",
    "actions_of",
    "task_id",
    "when",
]

RUN, ORCHESTRATION = "#run", "#orchestration"

COMPLETED = "http://schema.org/CompletedActionStatus"
FAILED = "http://schema.org/FailedActionStatus"

REASONS = {
    "INTERRUPTED": "It was interrupted.",
    "PRUNED": "Its search pruned it.",
    "ABANDONED": "Its process ended without reporting the end of the task.",
    "FAILED": "It failed; no reason was recorded.",
}
"""For tasks that have no error message."""


@dataclass(frozen=True)
class Material:
    """A file that tasks read or wrote: its id, and the ids of these tasks."""

    id: str
    readers: frozenset[int]
    writers: frozenset[int]


def task_id(task: TaskRecord) -> str:
    """Id of the action of a task."""
    return f"#task-{quote(key_of(task), safe='')}"


def actions_of(
    run: Run,
    workflow: str,
    parameters: Parameters,
    materials: Sequence[Material],
    agent: str | None,
    variables: Sequence[str],
) -> list[Entity]:
    """All actions of an execution.

    Args:
        run: the execution.
        workflow: id of the script.
        parameters: the parameters, with the values that the tasks had.
        materials: the files.
        agent: id of the person who ran it.
        variables: ids of the environment variables that were set.
    """
    used = {task.id: list(parameters.values.get(task.id, ())) for task in run.record.tasks}
    generated: dict[int, list[str]] = {task.id: [] for task in run.record.tasks}
    for material in materials:
        for reader in material.readers:
            used[reader].append(material.id)
        for writer in material.writers:
            generated[writer].append(material.id)
    results = dict.fromkeys(chain.from_iterable(generated.values()))
    objects = dict.fromkeys(id_ for id_ in chain.from_iterable(used.values()) if id_ not in results)
    whole = _whole(run, workflow, agent) | _links(
        object=list(objects), result=list(results), environment=variables
    )
    tasks = [
        _task(task, agent) | _links(object=used[task.id], result=generated[task.id])
        for task in run.record.tasks
    ]
    controls = [_control(task) for task in run.record.tasks]
    return [whole, _orchestration(run, controls, agent), *tasks, *controls]


def _task(task: TaskRecord, agent: str | None) -> Entity:
    return {
        "@id": task_id(task),
        "@type": "CreateAction",
        "name": label_of(task),
        "description": f"{label_of(task)} of the run: {_status_text(task.status)}.",
        "instrument": reference(tool_id(task.transformation)),
        **when(task.began, task.ended),
        **_how(task.status, task.error),
        **({"agent": reference(agent)} if agent else {}),
    }


def _whole(run: Run, workflow: str, agent: str | None) -> Entity:
    summary = run.summary
    errors = [task.error for task in run.record.tasks if task.error]
    return {
        "@id": RUN,
        "@type": "CreateAction",
        "name": f"Run {summary.tag}",
        "description": (
            f"Execution {summary.tag} of dataflow {summary.dataflow}: "
            f"{_status_text(summary.status)}, {summary.epochs} epoch{'s' * (summary.epochs != 1)}."
        ),
        "instrument": reference(workflow),
        **when(summary.began, summary.ended),
        **_how(summary.status, errors[-1] if errors else None),
        **({"agent": reference(agent)} if agent else {}),
    }


def _control(task: TaskRecord) -> Entity:
    return {
        "@id": f"#control-{quote(key_of(task), safe='')}",
        "@type": "ControlAction",
        "name": f"Call of {label_of(task)}",
        "instrument": reference(step_id(task.transformation)),
        "object": reference(task_id(task)),
        **_how(task.status, task.error),
    }


def _orchestration(run: Run, controls: Sequence[Entity], agent: str | None) -> Entity:
    return {
        "@id": ORCHESTRATION,
        "@type": "OrganizeAction",
        "name": "Run of the script in Python",
        "instrument": reference(PYTHON),
        "object": reference(*(control["@id"] for control in controls)),
        "result": reference(RUN),
        **when(run.summary.began, run.summary.ended),
        **({"agent": reference(agent)} if agent else {}),
    }


def when(began: datetime | None, ended: datetime | None) -> Entity:
    """Start and end, to the millisecond, as the profile prescribes."""
    times = {"startTime": began, "endTime": ended}
    return {
        name: f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}+00:00"
        for name, moment in times.items()
        if moment is not None
    }


def _how(status: str, error: str | None) -> Entity:
    """How an action ended; empty if it has not ended."""
    if status == "FINISHED":
        return {"actionStatus": COMPLETED}
    if status in REASONS:
        return {"actionStatus": FAILED, "error": error or REASONS[status]}
    return {}


def _status_text(status: str) -> str:
    running = "had not ended when this crate was written"
    return running if status in ("READY", "RUNNING") else status.lower()


def _links(**ids: Sequence[str]) -> Entity:
    """Properties that refer to entities; empty ones are left out."""
    return {name: reference(*named) for name, named in ids.items() if named}

"""Requests to a training in a crate: actions of the people who asked, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from ...config.author import Author
from ...declarations.steering import SteeringState
from ...executions.steered_tasks import answering_tasks
from ...executions.steering import NOT_ANSWERED, SteeringRow
from ...steering import in_words, outcome_in_words
from ._actions import COMPLETED, FAILED, RUN, task_id, when
from ._labels import Run
from ._parameters import Entity, reference
from ._people import author_of

__all__ = ["COLUMNS", "people_of", "requests_of"]

COLUMNS = SteeringRow._fields

UNANSWERED = "It was not answered before the training ended."


def people_of(requests: Sequence[SteeringRow], author: Author | None) -> dict[str, Entity]:
    """The people who asked, by name; the crate's author is the one that it has already."""
    names = dict.fromkeys(each.person for each in requests if each.person)
    return {name: _person(name, author) for name in names}


def requests_of(run: Run, people: dict[str, Entity]) -> list[Entity]:
    """Each request as an AskAction: its object is the run, its result what it led to."""
    tasks = answering_tasks(run.record)
    found = []
    for request in run.record.requests:
        task, person = tasks.get(request.request), people.get(request.person or "")
        found.append(
            {
                "@id": f"#request-{request.number}",
                "@type": "AskAction",
                "name": f"Request {request.number}: {in_words(request)}",
                "description": _sentences(request),
                "object": reference(RUN),
                **({"agent": reference(person["@id"])} if person else {}),
                **({"result": reference(task_id(task))} if task else {}),
                **when(request.asked, None),
                **_how(request),
            }
        )
    return found


def _person(name: str, author: Author | None) -> Entity:
    if author is not None and author.label == name:
        return author_of(author)
    return {"@id": f"#person-{quote(name, safe='')}", "@type": "Person", "name": name}


def _sentences(request: SteeringRow) -> str:
    reason = f" Reason: {request.reason}" if request.reason else ""
    return f"{outcome_in_words(request)}.{reason}"


def _how(request: SteeringRow) -> Entity:
    if request.state == SteeringState.APPLIED:
        return {"actionStatus": COMPLETED}
    if request.state == SteeringState.REFUSED:
        return {"actionStatus": FAILED, "error": request.detail or "It was refused."}
    return {"actionStatus": FAILED, "error": UNANSWERED} if request.state == NOT_ANSWERED else {}

"""Tags and notes, edited in place: they go through the journal, as `keras-prov tag` writes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from ...analysis import Run, run_with
from ...annotations import Named, check_may_annotate, say_note, say_tags
from ...delivery.clients import client_for
from ...errors import DefinitionError, StoreLoginError
from ..pages import page
from ..reading import Reading

__all__ = ["router"]

router = APIRouter()

STORE_SECONDS = 5.0
"""How long an answer waits until what was said is stored."""


@router.get("/annotations")
def editor(request: Request, connection: Reading, run: str) -> Response:
    """The form, in a dialog."""
    found = run_with(connection, run)
    tags = "\n".join(f"{name}={value}" if value else name for name, value in found.tags.items())
    return _form(request, found, tags, found.note or "")


@router.post("/annotations")
def save(
    request: Request,
    connection: Reading,
    run: Annotated[str, Form()],
    tags: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> Response:
    """Store what differs from what is there."""
    found = run_with(connection, run)
    connection.rollback()
    database = request.app.state.database
    client = client_for(database.store, database.home)
    named = Named(found.dataflow, found.execution)
    wanted = dict(_pair(line) for line in tags.splitlines() if line.strip())
    changed: dict[str, str | None] = {
        name: value for name, value in wanted.items() if found.tags.get(name) != value
    }
    changed |= {name: None for name in found.tags if name not in wanted}
    try:
        check_may_annotate(database.store)
        if changed:
            say_tags(client, named, changed)
    except (DefinitionError, StoreLoginError) as error:
        return _form(request, found, tags, note, str(error))
    note = note.replace("\r\n", "\n")  # as browsers send line ends
    if note.strip() != (found.note or "").strip():
        say_note(client, named, note)
    is_stored = client.flush(STORE_SECONDS)
    connection.rollback()
    return page(
        request,
        "parts/annotations_saved.html",
        run=run_with(connection, found.execution),
        is_stored=is_stored,
    )


def _form(request: Request, run: Run, tags: str, note: str, problem: str = "") -> Response:
    return page(request, "parts/annotations.html", run=run, tags=tags, note=note, problem=problem)


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.strip().partition("=")
    return name.strip(), value.strip()

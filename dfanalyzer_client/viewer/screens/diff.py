"""The screen of what differs between two executions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse

from ...analysis.comparing import diff_with
from ..comparing.differences import MOST_CHARACTERS, PARTS, parts_of, pieces, value_of
from ..pages import page, shown
from ..reading import Reading

__all__ = ["router"]

router = APIRouter()


@router.get("/diff")
def diff(
    request: Request,
    connection: Reading,
    a: str = "",
    b: str = "",
    same: bool = False,
    part: str = "",
    name: str = "",
    number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> Response:
    """The page: all parts, or one, or one value as a whole."""
    request.app.state.database.store_leftovers()
    a, b = a.strip(), b.strip()
    if not (a and b):
        return page(request, "diff_nothing.html", a=a, b=b)
    found = diff_with(connection, a, b, same=same or bool(name))
    only = part if part in PARTS else ""
    values: dict[str, Any] = {"a": found.a, "b": found.b, "same": same, "only": only}
    if name:
        row = value_of(found, part, name)
        left, right = (shown(value)[:MOST_CHARACTERS] for value in (row.a, row.b))
        is_cut = any(len(shown(value)) > MOST_CHARACTERS for value in (row.a, row.b))
        return page(
            request,
            "diff_value.html",
            **values,
            row=row,
            part=part,
            title=PARTS[only],
            sides=pieces(left, right),
            is_cut=is_cut,
        )
    return page(request, "diff.html", **values, parts=parts_of(found, only, number))


@router.get("/diff/text")
def text(connection: Reading, a: str, b: str, part: str, name: str, side: str = "a") -> Response:
    """One value as a text of its own, whole."""
    row = value_of(diff_with(connection, a, b, same=True), part, name)
    value = row.b if side == "b" else row.a
    return PlainTextResponse(
        "" if value is None else str(value),
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{part}-{side}.txt"'
            if part in PARTS and side in ("a", "b")
            else "attachment",
        },
    )

"""Server-sent events: what an open page is told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_thread
from fastapi import Request
from fastapi.responses import StreamingResponse

from ..errors import DfAnalyzerError
from .changes import Changes
from .failures import FAILED, log_failure, request_line

__all__ = ["Event", "event_stream", "json_event"]

PAUSE_SECONDS, MOST_SECONDS = 0.25, 10.0
"""Between two answers to one page, however often something is stored."""

REST, SHARED = 3, 1.5
"""After an answer that took long, `REST` times as long is paused for one page: trainings need the
processor. With this power of their number for several: the more pages there are, the less all of
them take together."""

Event = tuple[str, str]
"""Its name and its data; htmx puts data without a name into the page."""


def event_stream(request: Request, ask: Callable[[], list[Event]]) -> StreamingResponse:
    """The events of a page: what `ask` returns, at first and whenever something was stored.

    ``away`` and ``back`` tell of a database that does not answer, and answers again; ``failed`` of
    an error of ours, whose traceback is logged once for each page.

    Args:
        request: of the page.
        ask: reads what is new, in a thread; it is called again and again, never twice at a time.
    """
    return StreamingResponse(
        _events(request.app.state.changes, ask, request_line(request)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    changes: Changes, ask: Callable[[], list[Event]], page_: str
) -> AsyncIterator[str]:
    said, is_logged = "", False
    async for change in changes.follow():
        found: list[Event] = []
        began, problem = time.monotonic(), change.problem
        if problem is None:
            try:
                found = await anyio.to_thread.run_sync(ask)
            except DfAnalyzerError as error:
                problem = str(error)
            except Exception as error:
                problem = FAILED
                if not is_logged:
                    is_logged = True
                    log_failure(page_, error)
        if problem is not None:
            yield _text("failed" if problem == FAILED else "away", json.dumps(problem))
        elif said:
            yield _text("back", "")
        said = problem or ""
        for name, data in found:
            yield _text(name, data)
        took = time.monotonic() - began
        rest = REST * took * changes.followers**SHARED
        await asyncio.sleep(min(max(PAUSE_SECONDS, rest), MOST_SECONDS))


def _text(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n" if name else f"{lines}\n"


def json_event(name: str, value: Any) -> Event:
    """An event whose data is JSON."""
    from .pages import json_text

    return name, json_text(value)

"""Tell open pages when something was stored: one look at the database for all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio.to_thread

from ..errors import DfAnalyzerError, RefusedError
from ..store.writing.journal_marks import all_marks
from .database import Database
from .failures import FAILED, log_failure

__all__ = ["Change", "Changes"]

LOOK_SECONDS = 0.15
"""Between two looks, while a page is open that wants to know."""


@dataclass(frozen=True)
class Change:
    """What the last look came to.

    Attributes:
        number: grows by one with each change.
        problem: why the database does not answer; None if it does.
    """

    number: int = 0
    problem: str | None = None


class Changes:
    """Looks at the database while somebody follows, and tells all who do.

    A look costs one statement over a small table, however many pages are open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._now = Change()
        self._marks: object = None
        self._followers: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def number(self) -> int:
        """Of the last change that was seen."""
        return self._now.number

    @property
    def followers(self) -> int:
        """How many pages follow."""
        return len(self._followers)

    async def follow(self) -> AsyncIterator[Change]:
        """The state as it is, and again after each change, without an end."""
        event = asyncio.Event()
        event.set()
        self._followers.add(event)
        if self._task is None:
            self._task = asyncio.create_task(self._look_again_and_again())
        try:
            while True:
                await event.wait()
                event.clear()
                yield self._now
        finally:
            self._followers.discard(event)

    async def _look_again_and_again(self) -> None:
        try:
            while self._followers:
                marks, problem = await anyio.to_thread.run_sync(self._look)
                if marks != self._marks or problem != self._now.problem:
                    self._marks, self._now = marks, Change(self._now.number + 1, problem)
                    for event in self._followers:
                        event.set()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._task = None

    def _look(self) -> tuple[object, str | None]:
        try:
            with contextlib.suppress(DfAnalyzerError):
                self._database.store_leftovers()
            with self._database.reading() as connection:
                return self._marks_of(connection), None
        except DfAnalyzerError as error:
            return self._marks, str(error)
        except Exception as error:  # else no page would ever hear of a change again
            if self._now.problem != FAILED:
                log_failure("a look for changes", error)
            return self._marks, FAILED

    def _marks_of(self, connection: object) -> object:
        try:
            return all_marks(connection)  # type: ignore[arg-type]
        except RefusedError:  # an empty database, the predecessor's, or one without that right
            return object()  # everything may have changed

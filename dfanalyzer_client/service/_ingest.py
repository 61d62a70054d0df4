"""From a client's message to the journal: taken whole, or refused with the reason."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from anyio.to_thread import run_sync

from ..analysis import task_exists
from ..client import Client
from ..dataflow import new_execution
from ..declaration import Declaration
from ..errors import StoreError, UnknownTagError
from ..journal import declarations
from ..store import Connection
from ..store.reading import Catalogue, declared
from ._messages import DataflowMessage, TaskMessage

__all__ = ["Ingest"]

logger = logging.getLogger(__name__)

TaskName = tuple[str, str, str, str]
"""Dataflow, execution, transformation, id."""

KNOWN_TASKS = 500_000


class Ingest:
    """Takes messages for one client; all its methods are called from one event loop.

    What was declared before this process began is looked up: in the store, and for the order of an
    execution's values in the journals.

    Args:
        client: where to.
        connect: a connection to ask the store with.
    """

    def __init__(self, client: Client, connect: Callable[[], Connection]) -> None:
        self._client, self._connect = client, connect
        self._lock = asyncio.Lock()
        self._searched: set[tuple[str, str]] = set()
        self._loaded: set[str] = set()
        self._tasks: OrderedDict[TaskName, None] = OrderedDict()
        self._newest: dict[str, str] = {}

    async def dataflow(self, said: DataflowMessage) -> int:
        """Declare a dataflow; the message's number in the journal.

        Raises:
            DefinitionError: it contradicts what was declared before, here or in the store.
            JournalError: the journal cannot be written.
        """
        await self._load(said.tag)
        number = self._client.save_dataflow(said.message())
        self._loaded.add(said.tag)
        self._newest[said.tag] = said.exec or new_execution(said.tag)
        return number

    async def task(self, said: TaskMessage) -> int:
        """Take a task; the message's number in the journal.

        Raises:
            UnknownTagError: it names a dataflow, transformation, set or task that nobody declared.
            ElementError: a value does not fit.
            ValueError: its dependency is no list of pairs.
            JournalError: the journal cannot be written.
        """
        exec_tag = said.exec or await self._newest_execution(said.dataflow)
        declaration = self._client.declaration(said.dataflow)
        if declaration is None or not declaration.has_execution(exec_tag):
            await self._recover(said.dataflow, exec_tag)
            declaration = self._client.declaration(said.dataflow)
        if declaration is None:
            raise UnknownTagError(
                f"No dataflow {said.dataflow!r} was declared: POST it to /pde/dataflow/json first."
            )
        widths = {data.tag: declaration.width(exec_tag, data.tag) for data in said.sets}
        message = said.message(widths) | {"exec": exec_tag}
        for name in _named(message):
            await self._check_said(declaration, name)
        number = self._client.save_task(message)
        self._remember((said.dataflow, exec_tag, said.transformation, message["id"]))
        return number

    async def _load(self, tag: str) -> None:
        """Take in what the store knows of a dataflow, once."""
        if tag in self._loaded:
            return
        async with self._lock:
            if tag in self._loaded:
                return
            known = await run_sync(self._stored, tag)
            if known is not None:
                self._client.save_dataflow(known)
                self._loaded.add(tag)

    async def _newest_execution(self, tag: str) -> str:
        """What tasks belong to whose client is older than executions and names none.

        It is that of the newest declaration, here or before this process began.
        """
        await self._load(tag)
        if self._client.declares(tag) and tag not in self._newest:
            stored = await run_sync(self._newest_stored, tag)
            self._newest.setdefault(tag, stored or new_execution(tag))
        return self._newest.get(tag, "")

    def _newest_stored(self, tag: str) -> str | None:
        try:
            with contextlib.closing(self._connect()) as connection, connection.transaction():
                return Catalogue(connection).newest_execution(tag)
        except StoreError as error:
            logger.warning("The executions of dataflow %r are not known: %s", tag, error)
            return None

    async def _recover(self, tag: str, exec_tag: str) -> None:
        """Take in what was declared of an execution before this process began, once."""
        await self._load(tag)
        async with self._lock:
            if (tag, exec_tag) in self._searched:
                return
            folder = self._client.home / "journals"
            for message in await run_sync(declarations, folder, tag, exec_tag):
                self._client.save_dataflow({k: v for k, v in message.items() if k != "kind"})
            if self._client.declares(tag):
                self._searched.add((tag, exec_tag))

    def _stored(self, tag: str) -> dict[str, Any] | None:
        try:
            connection = self._connect()
            try:
                with connection.transaction():
                    layout = Catalogue(connection).layout(tag)
            finally:
                connection.close()
        except StoreError as error:
            logger.warning("What the store knows of dataflow %r is not known: %s", tag, error)
            return None
        return None if layout is None else declared(layout)

    async def _check_said(self, declaration: Declaration, name: TaskName) -> None:
        """Refuse a dependency on a task that nobody said, which the store would refuse later."""
        dataflow, exec_tag, transformation, id_ = name
        if transformation not in declaration.transformations:
            raise UnknownTagError(
                f"dependency: dataflow {dataflow!r} has no transformation {transformation!r}."
            )
        if name in self._tasks:
            self._tasks.move_to_end(name)
        elif await run_sync(self._is_stored, name):
            self._remember(name)
        else:
            raise UnknownTagError(
                f"dependency: transformation {transformation!r} has no task {id_} in execution "
                f"{exec_tag!r}."
            )

    def _is_stored(self, name: TaskName) -> bool:
        """Whether the store has a task; True also where it does not answer, so that it decides."""
        dataflow, exec_tag, transformation, id_ = name
        try:
            connection = self._connect()
            try:
                with connection.transaction():
                    return task_exists(connection, dataflow, exec_tag, transformation, int(id_))
            finally:
                connection.close()
        except StoreError as error:
            logger.warning("Whether a task is stored is not known: %s", error)
            return True

    def _remember(self, name: TaskName) -> None:
        self._tasks[name] = None
        if len(self._tasks) > KNOWN_TASKS:
            self._tasks.popitem(last=False)


def _named(message: dict[str, Any]) -> list[TaskName]:
    """The tasks that a message depends on."""
    dependency = message.get("dependency", {"tags": [], "ids": []})
    return [
        (message["dataflow"], message["exec"], tag["tag"], each["id"])
        for tag, each in zip(dependency["tags"], dependency["ids"], strict=True)
    ]

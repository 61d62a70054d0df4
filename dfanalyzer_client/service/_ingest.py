"""From a client's message to the journal: recorded as a whole, or refused with the reason."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import tzinfo

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from ..declarations import messages
from ..declarations.dataflow import Declaration
from ..delivery.client import Client
from ..delivery.live import new_execution
from ..errors import DefinitionError, StoreError, UnknownTagError
from ..journal import UpdateReader
from ..store import Connection
from ..store.reading import Catalogue, declaration_of
from ._known import Dataflows
from ._rows import named_sets
from ._times import Clock
from .messages.dataflow import DataflowMessage
from .messages.task import TaskMessage

__all__ = ["Ingest"]

logger = logging.getLogger(__name__)

MALFORMED = (LookupError, TypeError, ValueError, AttributeError)
"""Errors of a complete record that is not one of our messages."""

READERS = 2
"""How many tasks' files of raw data are read at a time; meanwhile, other messages are recorded."""


class Ingest:
    """Records messages with one client; all its methods are called from one event loop.

    What other processes declared, earlier or meanwhile, is looked up in the store and in the
    journals.

    Args:
        client: records the messages.
        connect: opens a connection for queries.
        zone: the time zone of times without one; None: this machine's.
    """

    def __init__(
        self, client: Client, connect: Callable[[], Connection], zone: tzinfo | None = None
    ) -> None:
        self._client, self._connect, self._zone = client, connect, zone
        self._clock = Clock()
        self._lock = asyncio.Lock()
        self._updates = UpdateReader(client.home / "journals")
        self._dataflows = Dataflows()
        self._recalled: set[tuple[str, str]] = set()
        self._store_errors: dict[str, StoreError] = {}
        self._readers = CapacityLimiter(READERS)

    async def dataflow(self, declared: DataflowMessage) -> int:
        """Declare a dataflow; returns the message's number in the journal.

        Raises:
            DefinitionError: it contradicts what was declared before, here or in the store.
            JournalError: the journal cannot be written.
        """
        await self._load(declared.tag)
        message = declared.message()
        if declared.exec is None:
            message["opens"] = new_execution(declared.tag)
        try:
            number = self._client.save_dataflow(message)
        except DefinitionError:
            # the client sends its tasks nevertheless, with values in the order that it declared
            self._dataflows.declare(message, opens=False)
            raise
        self._dataflows.declare(message)
        self._dataflows.loaded.add(declared.tag)
        return number

    async def task(self, task: TaskMessage) -> int:
        """Record a task; returns the message's number in the journal.

        Raises:
            UnknownTagError: it names a dataflow, transformation or set that nobody declared.
            ElementError: a value does not fit.
            RawDataError: a file of raw data that it names cannot, or must not, be read.
            ValueError: its dependency is not a list of pairs, or a time is out of range.
            StoreError: the dataflow is not known, and the store does not answer.
            JournalError: the journal cannot be written.
        """
        await self._load(task.dataflow)
        try:
            return await self._record(task)
        except UnknownTagError:  # perhaps another process declared it meanwhile
            if not await self._reload(task.dataflow):
                raise
            return await self._record(task)

    async def follow(self) -> None:
        """Read what other processes declared since the last call."""
        own = self._client.journal_path
        if not self._updates.pending(own):
            return
        async with self._lock:
            own = self._client.journal_path
            if not self._updates.pending(own):
                return
            updates = await run_sync(self._updates.read, own)
            for name, (status, key) in updates.tasks.items():
                self._dataflows.note_task(name, status, key)
            for message in updates.declarations:
                try:
                    self._dataflows.hear(message)
                    if message["tag"] in self._dataflows.loaded:
                        self._recall(message)
                except MALFORMED as error:
                    logger.warning("A malformed declaration in a journal is skipped: %r", error)

    async def _record(self, task: TaskMessage) -> int:
        """Record a task with its values in the declared order.

        It waits for nothing, unless the task names files of raw data.
        """
        declaration = self._client.declaration(task.dataflow)
        if declaration is None:
            if task.dataflow in self._store_errors:
                raise self._store_errors[task.dataflow]
            raise UnknownTagError(
                f"No dataflow {task.dataflow!r} was declared: POST it to /pde/dataflow/json first."
            )
        exec_tag = task.exec or self._dataflows.newest_execution(task.dataflow)
        message = task.message("", self._clock.now(), self._zone)
        message["exec"] = exec_tag
        name = (task.dataflow, exec_tag, task.transformation, message["id"])
        orders = self._dataflows.orders(name)
        message["declared"] = orders[0].key
        message["sets"] = named_sets(task, declaration, orders)
        number = await self._save(message, declaration)
        self._dataflows.note_task(name, task.status, orders[0].key)
        return number

    async def _save(self, message: messages.TaskMessage, declaration: Declaration) -> int:
        _, raw = declaration.split_raw_data(message)
        if not raw:
            return self._client.save_task(message)
        return await run_sync(self._client.save_task, message, limiter=self._readers)

    async def _load(self, tag: str) -> None:
        """Load what other processes declared of a dataflow, once; `follow` reads what they add."""
        await self.follow()
        if tag in self._dataflows.loaded:
            return
        async with self._lock:
            if tag in self._dataflows.loaded:
                return
            known = await run_sync(self._stored, tag)
            if known is not None:
                self._recall(known)
            for message in self._dataflows.begin(tag, known):
                self._recall(message)
            if self._client.declares(tag):
                self._dataflows.loaded.add(tag)

    async def _reload(self, tag: str) -> bool:
        """Query the store again; returns whether it now knows more of a dataflow."""
        if tag not in self._dataflows.loaded:
            return False
        known = await run_sync(self._stored, tag)
        declaration = self._client.declaration(tag)
        if known is None or declaration is None:
            return False
        before = declaration.specification()
        self._recall(known)
        return declaration.specification() != before

    def _recall(self, message: messages.DataflowMessage) -> None:
        """Declare what another process declared, once."""
        key = message["tag"], json.dumps(message.get("transformations"), sort_keys=True)
        if key in self._recalled:
            return
        try:
            self._client.save_dataflow({**message, "recalled": True})
        except MALFORMED as error:
            logger.warning("A declaration in a journal is skipped: %s", error)
        self._recalled.add(key)

    def _stored(self, tag: str) -> messages.DataflowMessage | None:
        """What the store knows of a dataflow, and its newest execution."""
        self._store_errors.pop(tag, None)
        try:
            with self._connect() as connection, connection.transaction():
                catalogue = Catalogue(connection)
                layout = catalogue.layout(tag)
                self._dataflows.stored[tag] = catalogue.newest_execution(tag)
        except StoreError as error:
            logger.warning("The store could not be asked about dataflow %r: %s", tag, error)
            self._store_errors[tag] = error
            return None
        return None if layout is None else declaration_of(layout)

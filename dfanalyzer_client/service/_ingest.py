"""From a client's message to the journal: taken whole, or refused with the reason."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from datetime import tzinfo

from anyio.to_thread import run_sync

from ..declarations import messages
from ..delivery.client import Client
from ..delivery.live import new_execution
from ..errors import DefinitionError, StoreError, UnknownTagError
from ..journal import UpdateReader
from ..store import Connection
from ..store.reading import Catalogue, declaration_of
from ._known import Dataflows
from ._messages import DataflowMessage, TaskMessage
from ._rows import named_sets
from ._times import Clock

__all__ = ["Ingest"]

logger = logging.getLogger(__name__)

ODD = (LookupError, TypeError, ValueError, AttributeError)
"""What a record raises that is whole, and no message of ours."""


class Ingest:
    """Takes messages for one client; all its methods are called from one event loop.

    What other processes declared, before this one began or beside it, is looked up in the store and
    in the journals.

    Args:
        client: where to.
        connect: a connection to ask the store with.
        zone: of times without one; None is this machine's.
    """

    def __init__(
        self, client: Client, connect: Callable[[], Connection], zone: tzinfo | None = None
    ) -> None:
        self._client, self._connect, self._zone = client, connect, zone
        self._clock = Clock()
        self._lock = asyncio.Lock()
        self._news = UpdateReader(client.home / "journals")
        self._dataflows = Dataflows()
        self._recalled: set[tuple[str, str]] = set()
        self._unanswered: StoreError | None = None

    async def dataflow(self, said: DataflowMessage) -> int:
        """Declare a dataflow; the message's number in the journal.

        Raises:
            DefinitionError: it contradicts what was declared before, here or in the store.
            JournalError: the journal cannot be written.
        """
        await self._learn(said.tag)
        message = said.message()
        if said.exec is None:
            message["opens"] = new_execution(said.tag)
        try:
            number = self._client.save_dataflow(message)
        except DefinitionError:
            # its client sends its tasks all the same, with their values in its order
            self._dataflows.declare(message, opens=False)
            raise
        self._dataflows.declare(message)
        self._dataflows.loaded.add(said.tag)
        return number

    async def task(self, said: TaskMessage) -> int:
        """Take a task; the message's number in the journal.

        Raises:
            UnknownTagError: it names a dataflow, transformation or set that nobody declared.
            ElementError: a value does not fit.
            ValueError: its dependency is no list of pairs, or a time is of no year.
            StoreError: the dataflow is not known, and the store does not answer.
            JournalError: the journal cannot be written.
        """
        await self._learn(said.dataflow)
        try:
            return self._take(said)
        except UnknownTagError:  # or somebody elsewhere declared it
            if not await self._relearn(said.dataflow):
                raise
            return self._take(said)

    async def follow(self) -> None:
        """Read what other processes declared since the last time."""
        own = self._client.journal_path
        if not self._news.pending(own):
            return
        async with self._lock:
            own = self._client.journal_path
            if not self._news.pending(own):
                return
            news = await run_sync(self._news.read, own)
            for name, (status, key) in news.tasks.items():
                self._dataflows.note_task(name, status, key)
            for message in news.declarations:
                try:
                    self._dataflows.hear(message)
                    if message["tag"] in self._dataflows.loaded:
                        self._recall(message)
                except ODD as error:
                    logger.warning("An odd declaration in a journal is passed over: %r", error)

    def _take(self, said: TaskMessage) -> int:
        """Send a task in the order that it keeps to; nothing is waited for in between."""
        declaration = self._client.declaration(said.dataflow)
        if declaration is None:
            if self._unanswered is not None:
                raise self._unanswered
            raise UnknownTagError(
                f"No dataflow {said.dataflow!r} was declared: POST it to /pde/dataflow/json first."
            )
        exec_tag = said.exec or self._dataflows.newest_execution(said.dataflow)
        message = said.message("", self._clock.now(), self._zone)
        message["exec"] = exec_tag
        name = (said.dataflow, exec_tag, said.transformation, message["id"])
        orders = self._dataflows.orders(name)
        message["declared"] = orders[0].key
        message["sets"] = named_sets(said, declaration, orders)
        number = self._client.save_task(message)
        self._dataflows.note_task(name, said.status, orders[0].key)
        return number

    async def _learn(self, tag: str) -> None:
        """Take in what others know of a dataflow, once, and what they declare from then on."""
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

    async def _relearn(self, tag: str) -> bool:
        """Ask the store again; whether it knows more of a dataflow now."""
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
        told = message["tag"], json.dumps(message.get("transformations"), sort_keys=True)
        if told in self._recalled:
            return
        try:
            self._client.save_dataflow({**message, "recalled": True})
        except ODD as error:
            logger.warning("A declaration in a journal is passed over: %s", error)
        self._recalled.add(told)

    def _stored(self, tag: str) -> messages.DataflowMessage | None:
        """What the store knows of a dataflow, with the newest execution of it."""
        self._unanswered = None
        try:
            with contextlib.closing(self._connect()) as connection, connection.transaction():
                catalogue = Catalogue(connection)
                layout = catalogue.layout(tag)
                self._dataflows.stored[tag] = catalogue.newest_execution(tag)
        except StoreError as error:
            logger.warning("What the store knows of dataflow %r is not known: %s", tag, error)
            self._unanswered = error
            return None
        return None if layout is None else declaration_of(layout)

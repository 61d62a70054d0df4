"""Requests of several clients at once, as the service's own code meets them."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.delivery.client import Client
from dfanalyzer_client.errors import StoreUnavailableError, UnknownTagError
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.service._ingest import Ingest
from dfanalyzer_client.service.messages.dataflow import DataflowMessage
from dfanalyzer_client.service.messages.task import TaskMessage
from dfanalyzer_client.store import Connection, create_catalogue


class Store:
    """Answers, but for the second request, which it holds until told, and the third: none."""

    def __init__(self, url: StoreURL) -> None:
        self._url = url
        self._asked = 0
        self.holds, self.lets_go = threading.Event(), threading.Event()

    def connect(self) -> Connection:
        self._asked += 1
        if self._asked == 3:
            raise StoreUnavailableError("the store is away")
        if self._asked == 2:
            self.holds.set()
            assert self.lets_go.wait(60)
        return Connection(self._url)


def test_a_store_that_does_not_answer_is_told_to_those_who_asked_it(
    home: Path, tmp_path: Path, tag: str
) -> None:
    """Not to the client of another dataflow, whose question it answers at the same time."""
    url = PrivateServer(home).ensure()
    with Connection(url) as connection:  # else the client's, which knows of no reader
        create_catalogue(connection, [READER])
    store, client = Store(url), Client(url, tmp_path, relays=True)
    ingest = Ingest(client, store.connect)

    def task(dataflow: str, transformation: str) -> TaskMessage:
        return TaskMessage(id=1, dataflow=dataflow, transformation=transformation)

    async def requests() -> None:
        await ingest.dataflow(DataflowMessage(tag=tag))
        os.utime(tmp_path / "journals", (0, 0))  # no journal is new, so nobody waits to read any
        await ingest.follow()
        unknown = asyncio.ensure_future(ingest.task(task(f"{tag}-unknown", "step")))
        await run_sync(store.holds.wait)
        try:
            with pytest.raises(UnknownTagError, match="has no transformation 'step'"):
                await ingest.task(task(tag, "step"))
        finally:
            store.lets_go.set()
        with pytest.raises(UnknownTagError, match=r"No dataflow .* was declared"):
            await unknown

    try:
        asyncio.run(requests())
    finally:
        client.close()

"""Store the messages of executions once more, in a database of their own."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..delivery.batches import BATCH_RECORDS, store_or_split
from ..journal import Record
from ..private_server import PrivateServer
from ..store import Connection, MonetDBStore

__all__ = ["replayed"]

JOURNAL = "replay"


@contextlib.contextmanager
def replayed(records: Sequence[Record]) -> Iterator[Connection]:
    """A database with what messages say, until the end of the ``with``.

    The database is made, and removed, by a private server in a temporary folder. What stores the
    messages is what stored them before, so the same messages come to the same rows.

    Args:
        records: of the messages, in order; those that the store refuses are left out, as before.

    Raises:
        PrivateServerError: there is no private server here.
    """
    with tempfile.TemporaryDirectory(prefix="keras-prov-verify-") as name:
        server = PrivateServer(Path(name))
        try:
            url = server.ensure()
            _store(MonetDBStore(lambda: url), records)
            with Connection(url) as connection:
                yield connection
        finally:
            server.stop()


def _store(store: MonetDBStore, records: Sequence[Record]) -> None:
    numbered = [record._replace(sequence=place) for place, record in enumerate(records, 1)]
    refused: list[Record] = []

    def set_aside(record: Record, _: Exception) -> None:
        refused.append(record)

    try:
        for first in range(0, len(numbered), BATCH_RECORDS):
            store_or_split(store, JOURNAL, numbered[first : first + BATCH_RECORDS], set_aside)
        for record in list(refused):  # what they lacked may have come since
            store_or_split(store, f"{JOURNAL}#{record.sequence}", [record], set_aside)
    finally:
        store.close()

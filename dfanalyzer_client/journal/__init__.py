"""An append-only local record of what was said: on disk before it is sent.

One file per process that captures, in one of three states that its name tells:

- ``*.journal``: being written, or left behind: who can lock it knows that its process is gone;
- ``*.journal.gz``: all of it is in the private database, which can be made anew from it; kept;
- ``*.stored.gz``: all of it is in a server's database; removed after the retention time.

Beside it, ``*.refused`` holds the messages that the store refuses whatever happens.
"""

from __future__ import annotations

from ._address import readdress
from ._dead_letters import DeadLetter, DeadLetters, journals_with_dead_letters
from ._files import compressed, is_done, journals, remove_expired
from ._lock import try_acquire
from ._reader import Header, JournalReader, count_records, read_header
from ._record import Record
from ._search import declarations
from ._updates import TaskName, UpdateReader, Updates
from ._writer import Journal, append_records

__all__ = [
    "DeadLetter",
    "DeadLetters",
    "Header",
    "Journal",
    "JournalReader",
    "Record",
    "TaskName",
    "UpdateReader",
    "Updates",
    "append_records",
    "compressed",
    "count_records",
    "declarations",
    "is_done",
    "journals",
    "journals_with_dead_letters",
    "read_header",
    "readdress",
    "remove_expired",
    "try_acquire",
]

"""An append-only local log of messages: they are on disk before they are sent.

There is one file per capturing process. Its name tells its state:

- ``*.journal``: being written, or left behind. If you can lock it, its process is gone;
- ``*.journal.gz``: stored in the private database, which can be rebuilt from it; kept;
- ``*.stored.gz``: stored in a server's database; removed after the retention time.

``*.refused`` beside it holds its dead letters: messages that the store refuses for good.
"""

from __future__ import annotations

from ._address import readdress
from ._chain import CHAIN_HEAD, is_head
from ._dead_letters import DeadLetter, DeadLetters, journals_with_dead_letters
from ._files import compressed, is_done, is_journal, journals, remove_expired
from ._lock import try_acquire
from ._naming import executions_named, tags_in_lines, tags_named
from ._purge import purge
from ._reader import Header, JournalReader, count_records, opened, read_header
from ._record import Record, line_of, parsed
from ._search import declarations, executions_in
from ._updates import TaskName, UpdateReader, Updates
from ._writer import Journal, append_records

__all__ = [
    "CHAIN_HEAD",
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
    "executions_in",
    "executions_named",
    "is_done",
    "is_head",
    "is_journal",
    "journals",
    "journals_with_dead_letters",
    "line_of",
    "opened",
    "parsed",
    "purge",
    "read_header",
    "readdress",
    "remove_expired",
    "tags_in_lines",
    "tags_named",
    "try_acquire",
]

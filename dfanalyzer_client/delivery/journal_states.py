"""The state of each journal, for people: how far it is stored, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..config.store_url import StoreURL
from ..errors import DfAnalyzerError
from ..journal import (
    DeadLetter,
    DeadLetters,
    Header,
    JournalReader,
    is_done,
    journals,
    read_header,
    try_acquire,
)
from ..support.safe_home import check_home
from .stores import Stores

__all__ = ["JournalState", "journal_states"]


@dataclass
class JournalState:
    """One journal and how far it is stored.

    Attributes:
        store: where its messages go; None is the private server.
        refused: its dead letters that are not stored yet.
        executions: tags of the executions that its messages name, in order.
        messages: how many messages it holds.
        damaged: how many of its records cannot be read.
        stored: how many of its messages are stored or set aside; None if the store does not answer.
        process: `running`, `ended`, or `on` another machine, where it may be running.
        size: in bytes.
        age: seconds since it was created.
    """

    path: Path
    store: str | None
    process: str
    stored: int | None
    refused: list[DeadLetter]
    size: int
    age: float
    executions: list[str] = field(default_factory=list)
    messages: int = 0
    damaged: int = 0

    @property
    def dead_letters_path(self) -> Path:
        """The file of its dead letters."""
        return DeadLetters.of_journal(self.path).path


def journal_states(home: Path, store: StoreURL | None) -> Iterator[JournalState | DfAnalyzerError]:
    """The journals of `home`, oldest first; `store` gives the password for that server."""
    check_home(home, "journals")
    stores = Stores(home, store)
    for path in journals(home / "journals", done=True):
        try:
            header = read_header(path)
            if header is not None:
                yield _state(path, header, stores)
        except FileNotFoundError:  # another process stored and compressed it meanwhile
            continue
        except DfAnalyzerError as error:
            yield error
    stores.close()


def _state(path: Path, header: Header, stores: Stores) -> JournalState:
    created = datetime.fromisoformat(header.created)
    state = JournalState(
        path=path,
        store=header.store,
        process=_process(path, header),
        stored=None,
        refused=DeadLetters.of_journal(path).open(),
        size=path.stat().st_size,
        age=(datetime.now(UTC) - created).total_seconds(),
    )
    reader, executions, position = JournalReader(path), dict[str, None](), _position(header, stores)
    stored = 0
    for record in reader:
        if record.sequence:
            state.messages += 1
            stored += position is not None and record.sequence <= position
            if isinstance(record.message.get("exec"), str):
                executions[record.message["exec"]] = None
    state.stored = None if position is None else stored
    state.executions, state.damaged = list(executions), reader.damaged
    return state


def _process(path: Path, header: Header) -> str:
    if is_done(path):
        return "ended"
    if not header.is_local:
        return f"on {header.host}"
    descriptor = try_acquire(path)
    if descriptor is None:
        return "running"
    descriptor.close()
    return "ended"


def _position(header: Header, stores: Stores) -> int | None:
    try:
        with stores.reaching(header):
            return stores.of(header).position(header.journal)
    except DfAnalyzerError:
        return None

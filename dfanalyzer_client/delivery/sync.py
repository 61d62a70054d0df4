"""Store what earlier processes left behind, and report the state of journals."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ..config import settings
from ..config.store_url import StoreURL
from ..errors import (
    DfAnalyzerError,
    JournalError,
    StoreError,
    StoreLoginError,
    StoreUnavailableError,
)
from ..journal import (
    DeadLetter,
    DeadLetters,
    Header,
    JournalReader,
    is_done,
    journals,
    journals_with_dead_letters,
    read_header,
    remove_expired,
    try_acquire,
)
from ..store import MonetDBStore, open_store
from ..support.safe_home import check_home
from .dead_letters import retry
from .recovery import drain
from .relocation import moved_hint

__all__ = ["JournalState", "journal_states", "sync"]

Steps = Callable[[Path, Header | None, MonetDBStore], Iterator[int]]


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
    stores = _Stores(home, store)
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


def sync(
    home: Path,
    store: StoreURL | None,
    report: Callable[[Path, int | DfAnalyzerError], None],
    *,
    again: bool = False,
    elsewhere: bool = False,
    refused: bool = False,
) -> int:
    """Store what is left in journals whose process is gone.

    Journals of running processes are left to these.

    Args:
        home: the data folder that holds the journals.
        store: gives the password for that server.
        report: called for each journal with the number of messages stored, if any, or with the
            error; the other journals are stored all the same.
        again: whether to store completely stored journals again, for a database that was recreated
            or restored from a backup.
        elsewhere: whether to store journals of other machines, too, because their processes are
            known to be gone.
        refused: whether to retry all dead letters, and not only the retryable ones.

    Returns:
        The number of messages stored.
    """
    check_home(home, "journals")
    stores = _Stores(home, store)
    remove_expired(home / "journals", settings.retention_days())
    folder = home / "journals"

    def drain_all(paths: Iterable[Path], steps: Steps) -> int:
        total = 0
        for path in paths:
            try:
                count = _drain_locked(path, stores, steps, elsewhere=elsewhere)
            except DfAnalyzerError as error:
                report(path, error)
            except OSError as error:
                report(path, JournalError(f"It cannot be read: {error}."))
            else:
                total += count
                if count:
                    report(path, count)
        return total

    total = drain_all(journals(folder, done=again), drain)
    # at the end: the other journals may have brought what a dead letter lacked
    with_dead_letters = [path for path, _ in journals_with_dead_letters(folder)]
    total += drain_all(with_dead_letters, partial(_retry, everything=refused, again=again))
    stores.close()
    return total


def _drain_locked(path: Path, stores: _Stores, steps: Steps, *, elsewhere: bool) -> int:
    descriptor = try_acquire(path, elsewhere=elsewhere)
    if descriptor is None:
        return 0
    try:
        header = read_header(path)
        with stores.reaching(header):
            return sum(steps(path, header, stores.of(header)))
    finally:
        descriptor.close()


def _retry(
    path: Path, header: Header | None, store: MonetDBStore, *, everything: bool, again: bool
) -> Iterator[int]:
    if header is not None:
        yield from retry(path, header, store, everything=everything, again=again)


class _Stores:
    """One connection per store that the journals name."""

    def __init__(self, home: Path, named: StoreURL | None) -> None:
        self._home, self._named = home, named
        self._open: dict[str | None, MonetDBStore] = {}
        self._unreachable: dict[str | None, StoreError] = {}

    def of(self, header: Header | None) -> MonetDBStore:
        address = None if header is None else header.store
        if address not in self._open:
            self._open[address] = open_store(self._url(address), self._home)
        return self._open[address]

    @contextlib.contextmanager
    def reaching(self, header: Header | None) -> Iterator[None]:
        """A block that uses a journal's store; an unreachable store is not tried again."""
        address = None if header is None else header.store
        if address in self._unreachable:
            raise self._unreachable[address]
        try:
            yield
        except (StoreUnavailableError, StoreLoginError) as error:
            if address is None or (self._named is not None and self._named.is_named(address)):
                raise
            self._unreachable[address] = type(error)(f"{error} {moved_hint(address)}")
            raise self._unreachable[address] from error

    def close(self) -> None:
        for store in self._open.values():
            with contextlib.suppress(DfAnalyzerError):  # the next process that captures tries again
                while store.apply_pending() == 0.0:
                    pass
            store.close()

    def _url(self, address: str | None) -> StoreURL | None:
        if address is None:
            return None
        named = self._named
        if named is not None and named.is_named(address):
            return named
        return StoreURL.parse(address)


def _state(path: Path, header: Header, stores: _Stores) -> JournalState:
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


def _position(header: Header, stores: _Stores) -> int | None:
    try:
        with stores.reaching(header):
            return stores.of(header).position(header.journal)
    except DfAnalyzerError:
        return None

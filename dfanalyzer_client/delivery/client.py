"""The way of a message out of this process: checked, written to the journal, shipped behind it.

One :class:`Client` per store; :func:`client_for` finds or makes it. Making one opens nothing: the
journal is created and the exporter's thread started by the first message.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import settings
from ..config.store_url import StoreURL
from ..declarations.dataflow import Declaration
from ..declarations.names import checked_dataflow_tag
from ..errors import DfAnalyzerError, JournalError, UnknownTagError
from ..journal import Journal
from ..support.forks import in_child, undivided
from ..support.safe_home import check_home, made_home
from .row_stream import RowStream

if TYPE_CHECKING:
    from .exporter import Exporter

__all__ = ["Client", "client_declaring", "client_for", "default_client", "flush", "shutdown"]

logger = logging.getLogger(__name__)

_clients: dict[tuple[StoreURL | None, Path], Client] = {}
_clients_lock = threading.Lock()
LONG_EXIT = 1.0
WORKER_PRIORITY = -50
"""After the worker's results are on their way to its parent, before its folders are removed."""

_waited_for = 0
"""How much had been said when this process last waited at its end."""


class Client:
    """Takes messages for one store, and answers for them.

    Args:
        store: where to; None is the private server of `home`.
        home: the data folder that holds the journals.
        relays: it passes on what others say, so nobody is told that a message is taken before it is
            in the journal, and nobody ends their tasks when this process has gone.
    """

    def __init__(self, store: StoreURL | None, home: Path, *, relays: bool = False) -> None:
        self.store = store
        self.home = home
        self._relays = relays
        self._declarations: dict[str, Declaration] = {}
        self._start_over()

    def start(self) -> None:
        """Begin to store what others left, before there is anything to say."""
        with self._lock:
            self._opened()[1].wake()

    def save_dataflow(self, message: dict[str, Any]) -> int:
        """Declare a dataflow, or let it grow; raises DefinitionError, and then sends nothing.

        Returns:
            The message's number in the journal.
        """
        tag = checked_dataflow_tag(message["tag"])
        with self._lock:
            declaration = self._declarations.get(tag, Declaration(tag))
            declaration.merge(message)
            # when it was said: a service reads tasks by the newest one, whoever said it
            number = self._say({"kind": "dataflow", "said": time.time(), **message})
            self._declarations[tag] = declaration
            return number

    def save_task(self, message: dict[str, Any]) -> int:
        """Send a task; raises UnknownTagError or ElementError, and then sends nothing.

        Returns:
            The message's number in the journal.
        """
        declaration = self._declarations.get(message["dataflow"])
        if declaration is None:
            raise _undeclared(message["dataflow"])
        checked = declaration.checked_task(message)
        with self._lock:
            return self._say({"kind": "task", **checked})

    def row_stream(self, message: dict[str, Any]) -> RowStream:
        """What says rows of the one set of `message`; raises UnknownTagError."""
        declaration = self._declarations.get(message["dataflow"])
        if declaration is None:
            raise _undeclared(message["dataflow"])
        checked = declaration.checked_task(message)
        (data,) = checked["sets"]
        known = declaration.sets[data["tag"]].attributes
        return RowStream(self, checked, {name: known[name] for name in data["attributes"]})

    def say_text(self, message: str) -> None:
        """Send a task's message that is JSON in ASCII already, and checked."""
        with self._lock:
            self._say_text(message)

    def declares(self, tag: str) -> bool:
        """Whether the dataflow `tag` was saved here."""
        return tag in self._declarations

    def declaration(self, tag: str) -> Declaration | None:
        """What was saved here of the dataflow `tag`."""
        return self._declarations.get(tag)

    def recall(self, tag: str, exec_tag: str) -> None:
        """Declare a dataflow as another process did, if one did."""
        with undivided():
            from .lookup import recalled  # here: importing us stays cheap

        check_home(self.home, "journals")
        for message in recalled(self.store, self.home, tag, exec_tag):
            self.save_dataflow(message)

    def newest_execution(self, tag: str) -> str | None:
        """The newest execution of a dataflow that another process stored."""
        with undivided():
            from .lookup import recalled_execution

        check_home(self.home, "journals")
        return recalled_execution(self.store, self.home, tag)

    def flush(self, timeout: float | None = 5.0) -> bool:
        """Wait until all that was said is stored; False when `timeout` seconds did not do.

        None waits as long as it takes. It is False, too, when something was never taken, because
        the journal could not be written.
        """
        self.unwritten()
        stored = self._exporter is None or self._exporter.flush(self.said(), timeout)
        return stored and not self._lost

    def waiting(self) -> int:
        """How many messages are not stored yet."""
        return 0 if self._exporter is None else self.said() - self._exporter.shipped

    def unwritten(self) -> int:
        """How many messages are not even in the journal, though this tries anew: its disk is full.

        They are lost with the process.
        """
        return 0 if self._journal is None else self._journal.settle()

    @property
    def journal_path(self) -> Path | None:
        """The journal's file, once something was said."""
        return None if self._journal is None else self._journal.path

    def close(self, timeout: float = 5.0) -> bool:
        """Flush, stop the thread and let go of the journal; a later message starts anew."""
        done = self.flush(timeout)
        with self._lock:
            ended = self._exporter is None or self._exporter.stop()
            # a thread that is still storing keeps the journal's lock, or another taker would, too
            if self._journal is not None and ended:
                self._journal.close(remove=self.said() == 0)
            self._start_over()
        return done

    def after_fork(self) -> None:
        """In the child: begin anew. What the parent holds in memory is the parent's to write."""
        self._start_over()

    def _start_over(self) -> None:
        self._lock = threading.RLock()
        self._journal: Journal | None = None
        self._exporter: Exporter | None = None
        self._lost = False

    def said(self) -> int:
        """How many messages were said."""
        return 0 if self._journal is None else self._journal.sequence

    def _say(self, message: dict[str, Any]) -> int:
        return self._say_text(json.dumps(message, separators=(",", ":")))

    def _say_text(self, message: str) -> int:
        try:
            journal, exporter = self._opened()
            number = journal.append_text(message)
        except JournalError:
            self._lost = not self._relays  # those for whom it relays are told
            raise
        exporter.wake(number)
        return number

    def _opened(self) -> tuple[Journal, Exporter]:
        if self._journal is None or self._exporter is None:
            self._make_home()
            self._journal = Journal(self.home / "journals", self.store, relays=self._relays)
            for declaration in self._declarations.values():  # a forked child's journal has none
                self._journal.append({"kind": "dataflow", **declaration.specification()})
            self._exporter = self._exporter_of(self._journal)
            _flush_at_worker_end()
        return self._journal, self._exporter

    def _make_home(self) -> None:
        try:
            made_home(self.home, "journals")
        except OSError as error:
            raise JournalError(
                f"The data folder {self.home} cannot be made: {error.strerror}. Set "
                "KERAS_PROV_HOME to a folder that you may write to."
            ) from error

    def _exporter_of(self, journal: Journal) -> Exporter:
        with undivided():
            from .exporter import Exporter  # here: importing us stays cheap
            from .recovery import orphans_of

        folder, address = self.home / "journals", journal.store
        return Exporter(
            journal.path,
            journal.id,
            self._connect(),
            lambda store: orphans_of(folder, address, store),
            settings.batch_seconds(),
        )

    def _connect(self) -> Callable[[], Any]:
        store, home = self.store, self.home

        def connect() -> Any:
            with undivided():
                import encodings.idna  # noqa: F401 (looking a host's name up would import it)

                from ..store import open_store  # here: the driver is needed by the thread alone

            return open_store(store, home)

        return connect


def client_for(store: str | StoreURL | None = None, home: Path | None = None) -> Client:
    """The client of a store; raises StoreURLError when `store` is no URL.

    Without `store` it is that of KERAS_PROV_STORE, else the private server's.
    """
    key = settings.store_url(store), home or settings.home()
    with _clients_lock:
        if key not in _clients:
            _clients[key] = Client(*key)
        return _clients[key]


def default_client() -> Client:
    """The client of the store that the environment names."""
    return client_for()


def client_declaring(tag: str, exec_tag: str) -> Client:
    """The client to which the dataflow `tag` was saved; raises UnknownTagError.

    Where another process saved it, that is the default one, which looks up what was declared.
    """
    for client in reversed(list(_clients.values())):
        if client.declares(tag):
            return client
    client = default_client()
    client.recall(tag, exec_tag)
    if not client.declares(tag):
        raise _undeclared(tag)
    return client


def flush(timeout: float | None = 5.0) -> bool:
    """Wait until all that this process said is stored; False when `timeout` did not do."""
    deadline = None if timeout is None else time.monotonic() + timeout
    done = [client.flush(_left(deadline)) for client in list(_clients.values())]
    return all(done)


def shutdown(timeout: float = 5.0) -> bool:
    """Flush and close every client of this process."""
    done = [client.close(timeout) for client in list(_clients.values())]
    with _clients_lock:
        _clients.clear()
    return all(done)


def _undeclared(tag: str) -> UnknownTagError:
    return UnknownTagError(
        f"Nobody saved the dataflow {tag!r}, in this process or before it: call Dataflow.save() "
        "before its tasks."
    )


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _flush_at_worker_end() -> None:
    """Flush at the end of a process of multiprocessing's, which may be an ``os._exit``."""
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, _at_exit, exitpriority=WORKER_PRIORITY)


@atexit.register
def _at_exit() -> None:
    """Give what was said a bounded time to be stored, and say so when it takes long.

    Twice is fine: some workers end with both multiprocessing's finalizers and `atexit`.
    """
    global _waited_for
    said = sum(client.said() for client in list(_clients.values()))
    if said == _waited_for:
        return
    _waited_for = said
    limit = settings.EXIT_FLUSH_SECONDS
    with contextlib.suppress(DfAnalyzerError):  # a bad number: too late to be of use
        limit = settings.exit_flush_seconds()
    if limit and not flush(min(LONG_EXIT, limit)) and limit > LONG_EXIT:
        sys.stderr.write(f"keras-prov: storing the last messages, {limit:g} s at most …\n")
        flush(limit - LONG_EXIT)
    for client in list(_clients.values()):
        lost = client.unwritten()
        if lost:
            sys.stderr.write(
                f"keras-prov: {lost} messages are lost: the journal {client.journal_path} cannot "
                "be written. Its disk is full.\n"
            )
        if client.waiting() > lost:
            sys.stderr.write(
                f"keras-prov: {client.waiting() - lost} messages are not stored yet. They are safe "
                f"in {client.journal_path}; `keras-prov sync` stores them.\n"
            )


def _after_fork() -> None:
    global _clients_lock, _waited_for
    _clients_lock, _waited_for = threading.Lock(), 0
    for client in _clients.values():
        client.after_fork()


in_child(_after_fork)

"""The way of a message out of this process: checked, written to the journal, shipped behind it.

Making a client opens nothing: the journal is created and the exporter's thread started by the first
message. There is one for each store: see `clients`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import settings
from ..config.store_url import StoreURL
from ..declarations.dataflow import Declaration
from ..declarations.encoding import encode
from ..declarations.messages import (
    DATAFLOW,
    TASK,
    DataflowMessage,
    JournalDataflow,
    JournalTask,
    TaskMessage,
)
from ..declarations.names import checked_dataflow_tag
from ..errors import JournalError, UnknownTagError
from ..journal import Journal
from ..support.forks import fork_lock
from ..support.safe_home import check_home, create_home
from .row_stream import RowStream

if TYPE_CHECKING:
    from .exporter import Exporter

__all__ = ["Client", "undeclared"]

logger = logging.getLogger(__name__)


class Client:
    """Takes messages for one store, and answers for them.

    Args:
        store: where to; None is the private server of `home`.
        home: the data folder that holds the journals.
        relays: it passes on what others say, so nobody is told that a message is taken before it is
            in the journal, and nobody ends their tasks when this process has gone.
        opened: called whenever the journal has been opened.
    """

    def __init__(
        self,
        store: StoreURL | None,
        home: Path,
        *,
        relays: bool = False,
        opened: Callable[[], None] | None = None,
    ) -> None:
        self.store = store
        self.home = home
        self._relays, self._on_open = relays, opened
        self._declarations: dict[str, Declaration] = {}
        self._start_over()

    def start(self) -> None:
        """Begin to store what others left, before there is anything to say."""
        with self._lock:
            self._opened()[1].wake()

    def save_dataflow(self, message: DataflowMessage) -> int:
        """Declare a dataflow, or let it grow; raises DefinitionError, and then sends nothing.

        Returns:
            The message's number in the journal.
        """
        tag = checked_dataflow_tag(message["tag"])
        with self._lock:
            declaration = self._declarations.get(tag, Declaration(tag))
            declaration.merge(message)
            # when it was said: a service reads tasks by the newest one, whoever said it
            number = self._say({"kind": DATAFLOW, "said": time.time(), **message})
            self._declarations[tag] = declaration
            return number

    def save_task(self, message: TaskMessage) -> int:
        """Send a task; raises UnknownTagError or ElementError, and then sends nothing.

        Returns:
            The message's number in the journal.
        """
        declaration = self._declarations.get(message["dataflow"])
        if declaration is None:
            raise undeclared(message["dataflow"])
        checked = declaration.checked_task(message)
        with self._lock:
            return self._say({"kind": TASK, **checked})

    def row_stream(self, message: TaskMessage) -> RowStream:
        """What says rows of the one set of `message`; raises UnknownTagError."""
        declaration = self._declarations.get(message["dataflow"])
        if declaration is None:
            raise undeclared(message["dataflow"])
        checked = declaration.checked_task(message)
        (data,) = checked["sets"]
        known = declaration.sets[data["tag"]].attributes
        return RowStream(self.say_text, checked, {name: known[name] for name in data["attributes"]})

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
        with fork_lock():
            from .lookup import lookup_declaration  # here: importing us stays cheap

        check_home(self.home, "journals")
        for message in lookup_declaration(self.store, self.home, tag, exec_tag):
            self.save_dataflow(message)

    def newest_execution(self, tag: str) -> str | None:
        """The newest execution of a dataflow that another process stored."""
        with fork_lock():
            from .lookup import lookup_newest_execution

        check_home(self.home, "journals")
        return lookup_newest_execution(self.store, self.home, tag)

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
        return 0 if self._exporter is None else self.said() - self._exporter.stored_sequence

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

    def _say(self, message: JournalDataflow | JournalTask) -> int:
        return self._say_text(encode(message))

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
                self._journal.append({"kind": DATAFLOW, **declaration.specification()})
            self._exporter = self._exporter_of(self._journal)
            if self._on_open is not None:
                self._on_open()
        return self._journal, self._exporter

    def _make_home(self) -> None:
        try:
            create_home(self.home, "journals")
        except OSError as error:
            raise JournalError(
                f"The data folder {self.home} cannot be made: {error.strerror}. Set "
                "KERAS_PROV_HOME to a folder that you may write to."
            ) from error

    def _exporter_of(self, journal: Journal) -> Exporter:
        with fork_lock():
            from .exporter import Exporter  # here: importing us stays cheap
            from .recovery import drain_orphans

        folder, address = self.home / "journals", journal.store
        return Exporter(
            journal.path,
            journal.id,
            self._connect(),
            lambda store: drain_orphans(folder, address, store),
            settings.batch_seconds(),
        )

    def _connect(self) -> Callable[[], Any]:
        store, home = self.store, self.home

        def connect() -> Any:
            with fork_lock():
                import encodings.idna  # noqa: F401 (looking a host's name up would import it)

                from ..store import open_store  # here: the driver is needed by the thread alone

            return open_store(store, home)

        return connect


def undeclared(tag: str) -> UnknownTagError:
    """The error of a task whose dataflow nobody saved."""
    return UnknownTagError(
        f"Nobody saved the dataflow {tag!r}, in this process or before it: call Dataflow.save() "
        "before its tasks."
    )

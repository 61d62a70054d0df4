"""Check messages and append them to the journal, from which the exporter stores them.

Creating a client opens nothing: the first message creates the journal and starts the exporter's
thread. There is one client for each store: see `clients`.
"""

from __future__ import annotations

import logging
import socket
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
    ANNOTATION,
    DATAFLOW,
    STEERING_OFFER,
    STEERING_OUTCOME,
    STEERING_REQUEST,
    TASK,
    AnnotationMessage,
    DataflowMessage,
    SteeringOfferMessage,
    SteeringOutcomeMessage,
    SteeringRequestMessage,
    TaskMessage,
)
from ..declarations.names import checked_dataflow_tag
from ..declarations.raw_data import RawElements
from ..declarations.steering import SteeringInbox
from ..errors import JournalError, UnknownTagError
from ..journal import Journal
from ..support.forks import fork_lock
from ..support.safe_home import check_home, create_home
from .misfits import Misfits
from .row_stream import RowStream
from .steering_watch import SteeringWatch

if TYPE_CHECKING:
    from ..raw_data import Access
    from .exporter import Exporter

__all__ = ["Client", "undeclared"]

logger = logging.getLogger(__name__)


class Client:
    """Sends messages to one store.

    Args:
        store: where to; None is the private server of `home`.
        home: the data folder that holds the journals.
        relays: whether the messages are those of other processes. Then a message that cannot be
            written to the journal is refused, and tasks are not ended when this process is gone.
        opened: called whenever a journal has been opened.
        access: which files of raw data are read; by default those of this process' user, and none
            of a client that relays.
    """

    def __init__(
        self,
        store: StoreURL | None,
        home: Path,
        *,
        relays: bool = False,
        opened: Callable[[], None] | None = None,
        access: Access | None = None,
    ) -> None:
        self.store = store
        self.home = home
        self._relays, self._on_open = relays, opened
        self._access = access
        self._declarations: dict[str, Declaration] = {}
        self._watch = SteeringWatch()
        self._reset()

    def start(self) -> None:
        """Begin to store what earlier processes left, before the first message."""
        with self._lock:
            self._open()[1].wake()

    def save_dataflow(self, message: DataflowMessage) -> int:
        """Declare a dataflow, or add to it; raises DefinitionError, and then sends nothing.

        Returns:
            The message's number in the journal.
        """
        tag = checked_dataflow_tag(message["tag"])
        with self._lock:
            declaration = self._declarations.get(tag, Declaration(tag))
            declaration.merge(message)
            # "said" is when: the service reads tasks by the newest declaration, whoever sent it
            number = self._send(encode({"kind": DATAFLOW, "said": time.time(), **message}))
            self._declarations[tag] = declaration
            return number

    def save_task(self, message: TaskMessage) -> int:
        """Send a task, with the rows of the files of raw data that it names.

        With KERAS_PROV_MISFITS=leave_out it is sent without what does not fit, which is logged.

        Returns:
            The message's number in the journal.

        Raises:
            UnknownTagError: its dataflow has no such transformation or set.
            ElementError: a value does not fit.
            RawDataError: a file cannot be read. In all these cases, nothing is sent.
        """
        whole, raw = self._declared(message).split_raw_data(message)
        if raw:
            return self._save_raw_data(whole, raw)
        misfits = Misfits(message)
        checked = self._declared(message).checked_task(message, misfits.add)
        with self._lock:
            number = self._send(encode({"kind": TASK, **checked}))
        misfits.log()
        return number

    def save_annotation(self, message: AnnotationMessage) -> int:
        """Send what somebody says of an execution; returns the message's number in the journal."""
        with self._lock:
            return self._send(encode({"kind": ANNOTATION, **message}))

    def save_steering_offer(self, message: SteeringOfferMessage) -> int:
        """Send what may be asked of a training; returns the message's number in the journal."""
        host = message.get("host") or socket.gethostname()
        with self._lock:
            return self._send(encode({"kind": STEERING_OFFER, **message, "host": host}))

    def save_steering_request(self, message: SteeringRequestMessage) -> int:
        """Send a request to a running training; returns the message's number in the journal."""
        with self._lock:
            return self._send(encode({"kind": STEERING_REQUEST, **message}))

    def save_steering_outcome(self, message: SteeringOutcomeMessage) -> int:
        """Send what came of a request; returns the message's number in the journal."""
        with self._lock:
            return self._send(encode({"kind": STEERING_OUTCOME, **message}))

    def watch_steering(self, inbox: SteeringInbox) -> None:
        """Put what is asked of the inbox's execution into it, from now on; watching twice is once.

        The exporter's thread looks for requests, also while nothing is sent.
        """
        with self._lock:
            self._watch.add(inbox)
            self._open()[1].look_now()

    def unwatch_steering(self, inbox: SteeringInbox) -> None:
        """Put nothing into an inbox any more; one that is not watched is left alone."""
        self._watch.remove(inbox)

    def row_stream(self, message: TaskMessage) -> RowStream:
        """A stream of rows for the one set of `message`; raises UnknownTagError."""
        declaration = self._declared(message)
        checked = declaration.checked_task(message)
        (data,) = checked["sets"]
        known = declaration.sets[data["tag"]].attributes
        columns = {name: known[name] for name in data["attributes"]}
        return RowStream(self.send_text, checked, columns, Misfits(checked))

    def send_text(self, message: str) -> None:
        """Send a task's message that is checked already, as JSON in ASCII."""
        with self._lock:
            self._send(message)

    def declares(self, tag: str) -> bool:
        """Whether the dataflow `tag` was saved here."""
        return tag in self._declarations

    def declaration(self, tag: str) -> Declaration | None:
        """What was saved here of the dataflow `tag`; None if nothing was."""
        return self._declarations.get(tag)

    def lookup(self, tag: str, exec_tag: str) -> None:
        """Declare a dataflow as another process did, if one did."""
        with fork_lock():
            from .lookup import lookup_declaration  # not above: importing this module stays cheap

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
        """Wait until all messages are stored; False if that takes longer than `timeout` seconds.

        None waits as long as it takes. It is also False if a message was lost, because the journal
        could not be written.
        """
        self.unwritten()
        stored = self._exporter is None or self._exporter.flush(self.sent(), timeout)
        return stored and not self._lost

    def sent(self) -> int:
        """How many messages were sent."""
        return 0 if self._journal is None else self._journal.sequence

    def waiting(self) -> int:
        """How many messages are not stored yet."""
        return 0 if self._exporter is None else self.sent() - self._exporter.stored_sequence

    def unwritten(self) -> int:
        """How many messages cannot be written to the journal even now, because its disk is full.

        They are lost when the process ends.
        """
        return 0 if self._journal is None else self._journal.write_waiting()

    @property
    def journal_path(self) -> Path | None:
        """The journal's file; None before the first message."""
        return None if self._journal is None else self._journal.path

    def close(self, timeout: float = 5.0) -> bool:
        """Flush, stop the thread and close the journal; a later message opens a new one."""
        done = self.flush(timeout)
        with self._lock:
            ended = self._exporter is None or self._exporter.stop()
            # while the thread still stores it, the journal stays locked: nobody else must store it
            if self._journal is not None and ended:
                self._journal.close(remove=self.sent() == 0)
            self._reset()
        return done

    def after_fork(self) -> None:
        """In a forked child: start with nothing. The parent writes what it has in memory."""
        self._watch = SteeringWatch()  # the child trains nothing that the parent trains
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._journal: Journal | None = None
        self._exporter: Exporter | None = None
        self._lost = False

    def _declared(self, task: TaskMessage) -> Declaration:
        declaration = self._declarations.get(task["dataflow"])
        if declaration is None:
            raise undeclared(task["dataflow"])
        return declaration

    def _save_raw_data(self, task: TaskMessage, raw: list[RawElements]) -> int:
        with fork_lock():
            from .raw_data import rows_of  # not above: few tasks name any

        declaration = self._declared(task)
        with rows_of(task, raw, declaration, self._access, relays=self._relays) as rows:
            misfits = Misfits(task)
            checked = declaration.checked_task(rows.message(task), misfits.add)
            with self._lock:
                number = self._send(encode({"kind": TASK, **checked}))
            misfits.log()
            for text in rows.further(checked):  # other threads' messages may come in between
                self.send_text(text)
        return number

    def _send(self, message: str) -> int:
        journal, exporter = self._journal, self._exporter
        try:
            if journal is None or exporter is None:
                journal, exporter = self._open()
            number = journal.append_text(message)
        except JournalError:
            self._lost = not self._relays  # the process whose message we relay is told
            raise
        exporter.wake(number)
        return number

    def _open(self) -> tuple[Journal, Exporter]:
        if self._journal is None or self._exporter is None:
            self._create_home()
            self._journal = Journal(self.home / "journals", self.store, relays=self._relays)
            for declaration in self._declarations.values():  # of an earlier journal or the parent
                self._journal.append({"kind": DATAFLOW, **declaration.specification()})
            self._exporter = self._exporter_of(self._journal)
            if self._on_open is not None:
                self._on_open()
        return self._journal, self._exporter

    def _create_home(self) -> None:
        try:
            create_home(self.home, "journals")
        except OSError as error:
            raise JournalError(
                f"The data folder {self.home} cannot be created: {error.strerror}. Set "
                "KERAS_PROV_HOME to a folder that you may write to."
            ) from error

    def _exporter_of(self, journal: Journal) -> Exporter:
        with fork_lock():
            from .exporter import Exporter  # not above: importing this module stays cheap
            from .recovery import drain_orphans

        folder, address = self.home / "journals", journal.store
        return Exporter(
            journal.path,
            journal.id,
            self._connect(),
            lambda store: drain_orphans(folder, address, store),
            settings.batch_seconds(),
            self._watch,
        )

    def _connect(self) -> Callable[[], Any]:
        store, home = self.store, self.home

        def connect() -> Any:
            with fork_lock():
                import encodings.idna  # noqa: F401 (a host name's lookup imports it)

                from ..store import open_receiver
                from ..support import jitter  # noqa: F401 (all that retrying takes)

                if store is not None and store.is_relay:
                    from ..store import RelayedStore  # noqa: F401 (all that sending takes)
                else:
                    from ..store import MonetDBStore  # noqa: F401 (all that storing takes)

            return open_receiver(store, home)

        return connect


def undeclared(tag: str) -> UnknownTagError:
    """The error for a task of a dataflow that nobody saved."""
    return UnknownTagError(
        f"Nobody saved the dataflow {tag!r}, in this process or before it: call Dataflow.save() "
        "before its tasks."
    )

"""The private server as an object: find it, start it, stop it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..config import settings
from ..config.store_url import StoreURL
from ._files import DATABASE, READER, WRITER, ServerFiles
from ._launching import start_server
from ._stopping import set_database_aside, stop_server

__all__ = ["PrivateServer", "ServerStatus"]


@dataclass(frozen=True)
class ServerStatus:
    """The state of the private server.

    Attributes:
        url: its URL for the reader, without the password.
        mclient: a line to paste into a shell; the password is in the file that it names.
        started: in UTC.
        idle_minutes: minutes without a client after which it stops; 0 means never.
    """

    running: bool
    database: Path
    log: Path
    pid: int | None = None
    port: int | None = None
    url: StoreURL | None = None
    mclient: str | None = None
    started: datetime | None = None
    idle_minutes: float | None = None


class PrivateServer:
    """The private MonetDB of one user and data folder; creating this object does not start it."""

    def __init__(self, home: Path | None = None, *, idle_minutes: float | None = None) -> None:
        self._files = ServerFiles(home or settings.home())
        self._idle_minutes = idle_minutes

    @property
    def log_path(self) -> Path:
        """The log of the server and its kernel."""
        return self._files.log

    def ensure(self) -> StoreURL:
        """The writer's URL, with the password; starts the server unless it is running.

        Raises:
            KernelMissingError: this installation contains no MonetDB.
            PrivateServerError: it cannot be started; the message says why and what to do.
        """
        return self._files.url(WRITER, self._port())

    def reader_url(self) -> StoreURL:
        """Like `ensure`, for the user who may only SELECT."""
        return self._files.url(READER, self._port())

    def start(self) -> ServerStatus:
        """Start the server unless it is running; raises the errors of `ensure`."""
        self._port()
        return self.status()

    def status(self) -> ServerStatus:
        """The state of the server; this does not start it."""
        files = self._files
        files.check()
        state = files.state()
        if state is None:
            return ServerStatus(False, files.database, files.log)
        login = shlex.quote(str(files.reader_login))
        return ServerStatus(
            running=True,
            database=files.database,
            log=files.log,
            pid=state["pid"],
            port=state["port"],
            url=files.url(READER, state["port"]).without_password(),
            mclient=f"DOTMONETDBFILE={login} mclient -h 127.0.0.1 -p {state['port']} -d {DATABASE}",
            started=datetime.fromtimestamp(state["started"], UTC),
            idle_minutes=state["idle"],
        )

    def stop(self, timeout: float = 10.0) -> bool:
        """Stop the server, by force after `timeout` seconds; returns whether it was running."""
        return stop_server(self._files, timeout)

    def set_database_aside(self) -> Path | None:
        """Stop the server and rename its database, so that the next start creates a new one.

        Returns:
            Where the old database is now; None if there was none.
        """
        return set_database_aside(self._files)

    def databases_aside(self) -> list[Path]:
        """Databases that were set aside, oldest first."""
        return sorted(self._files.folder.glob(f"{DATABASE}-aside-*"))

    def _port(self) -> int:
        self._files.check()
        state = self._files.state()
        if state is not None:
            return int(state["port"])
        return start_server(self._files, settings.idle_minutes(self._idle_minutes))

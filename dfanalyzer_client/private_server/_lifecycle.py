"""Finding, starting and stopping the private server."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config import settings
from ..config.store_url import StoreURL
from ..errors import KernelMissingError, PrivateServerError
from ..support.descriptors import Descriptor, open_nofollow, private_pipe
from ._boot import kernel_available
from ._files import DATABASE, READER, WRITER, ServerFiles
from ._locks import is_locked, locked, try_acquire

__all__ = ["PrivateServer", "ServerStatus"]

START_SECONDS = 120.0
"""A database that was not trimmed for long takes its time to open."""

FORCE_SECONDS = 10.0
POLL_SECONDS = 0.02
NEEDED_BYTES = 16 << 20
TRIES = 2
SECRETS = ("KERAS_PROV_STORE", "KERAS_PROV_TOKEN")


@dataclass(frozen=True)
class ServerStatus:
    """How the private server stands.

    Attributes:
        url: how to reach it as the reader, without the password.
        mclient: a line for the shell, ready to paste; the password is in the file that it names.
        started: in UTC.
        idle_minutes: after so long without a client it stops; 0 means never.
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
    """The private MonetDB of one user and data folder; making this object starts nothing."""

    def __init__(self, home: Path | None = None, *, idle_minutes: float | None = None) -> None:
        self._files = ServerFiles(home or settings.home())
        self._idle_minutes = idle_minutes

    @property
    def log_path(self) -> Path:
        """Where the server and its kernel write what they have to say."""
        return self._files.log

    def ensure(self) -> StoreURL:
        """The writer's URL, password and all, of the server, which is started where it is not.

        Raises:
            KernelMissingError: this installation carries no MonetDB.
            PrivateServerError: it cannot be started; the message says why and what to do.
        """
        return self._files.url(WRITER, self._port())

    def reader_url(self) -> StoreURL:
        """The URL of the user who may only SELECT; like `ensure`."""
        return self._files.url(READER, self._port())

    def start(self) -> ServerStatus:
        """Start the server unless it runs; like `ensure`."""
        self._port()
        return self.status()

    def status(self) -> ServerStatus:
        """How the server stands; starts nothing."""
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
        """Stop the server, by force after `timeout` seconds; whether it was running."""
        self._files.check()
        if not self._files.folder.exists():
            return False
        with locked(self._files.start_lock):
            return self._stopped(timeout)

    def set_database_aside(self) -> Path | None:
        """Stop the server and rename its database, so that the next start makes a new one.

        Returns:
            Where the old database is now; None when there was none.
        """
        files = self._files
        files.create()
        with locked(files.start_lock):
            self._stopped(timeout=10.0)
            with self._alone():
                files.remove_incomplete()
                if not files.database.exists():
                    return None
                aside = files.folder / f"{DATABASE}-aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
                return files.database.rename(aside)

    def _port(self) -> int:
        self._files.check()
        state = self._files.state()
        return int(state["port"]) if state is not None else self._started()

    def _started(self) -> int:
        if not kernel_available():
            raise KernelMissingError(
                "This installation of keras-prov carries no MonetDB, so there is no private "
                "server. Install a wheel for this platform (Linux with glibc, x86-64 or aarch64), "
                "or set KERAS_PROV_STORE to a server: monetdb://user:password@host:port/database."
            )
        idle = settings.idle_minutes(self._idle_minutes)
        self._files.create()
        tries, deadline = 0, time.monotonic() + START_SECONDS
        with locked(self._files.start_lock):
            while (state := self._settled()) is None:
                if tries == TRIES or time.monotonic() >= deadline:
                    raise self._explained("it ended without a word")
                tries += not self._launch(idle)
        return int(state["port"])

    def _settled(self) -> dict[str, Any] | None:
        """The state of a server, after waiting for one that is on its way up or down."""
        deadline = time.monotonic() + START_SECONDS
        while is_locked(self._files.lock) and time.monotonic() < deadline:
            state = self._files.state()
            if state is not None:
                return state
            time.sleep(POLL_SECONDS)
        return None

    def _launch(self, idle: float) -> bool:
        """Start the process and wait for its word, or for its end without one.

        Returns:
            Whether another server is on its way there, whose starter was killed.

        Raises:
            PrivateServerError: it did not start; the message has the reason.
        """
        self._remove_stale_state()
        reader, writer = private_pipe()
        command = [
            sys.executable, "-P", "-m", "dfanalyzer_client.private_server._process",
            str(self._files.home), "--idle", str(idle), "--ready", str(writer.number),
        ]  # fmt: skip
        try:
            with self._open_log() as log:
                subprocess.run(  # noqa: S603 (our own interpreter and module)
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
                    cwd=self._files.folder, env=_environment(), pass_fds=(writer.number,),
                    start_new_session=True,
                )  # fmt: skip
        finally:
            writer.close()
        with contextlib.closing(reader):
            said = _all_of(reader.number)
        answer = json.loads(said) if said else {}
        if "error" in answer:
            raise self._explained(answer["error"])
        return "busy" in answer

    def _remove_stale_state(self) -> None:
        """Forget what a killed server said of itself, before there is another that holds its lock.

        Else that one's port, and process number, were taken for the new one's.
        """
        with contextlib.suppress(BlockingIOError), try_acquire(self._files.lock):
            self._files.remove_state()

    def _alone(self) -> Descriptor:
        """Hold the server's lock, so that nobody starts one; raises PrivateServerError."""
        try:
            return try_acquire(self._files.lock)
        except BlockingIOError:
            raise PrivateServerError(
                f"A private MonetDB is starting in {self._files.folder}: try again."
            ) from None

    def _open_log(self) -> Any:
        return open(self._files.log, "ab", opener=open_nofollow)

    def _explained(self, reason: str) -> PrivateServerError:
        files = self._files
        is_new = files.is_incomplete or not files.database.exists()
        self._tidy()
        what = f"The private MonetDB in {files.folder} did not start ({reason.rstrip('.')})."
        if shutil.disk_usage(files.folder).free < NEEDED_BYTES:
            cure = (
                "Its disk is full: make room, or set KERAS_PROV_HOME to a folder on another disk."
            )
        elif is_new:
            cure = "Set KERAS_PROV_STORE to the URL of a server to do without it."
        else:
            cure = (
                "Its database may be damaged: `keras-prov db rebuild` sets it aside and makes it "
                "anew from the journals."
            )
        return PrivateServerError(f"{what} {cure} The log is {files.log}.")

    def _tidy(self) -> None:
        """Remove half a database, unless a server is making it: on a full disk it takes room."""
        with (
            contextlib.suppress(OSError),
            try_acquire(self._files.lock),
        ):  # else: see `begin_creation`
            self._files.remove_incomplete()

    def _stopped(self, timeout: float) -> bool:
        """End the server, also one that is starting, whose starter was killed."""
        found = False
        while (state := self._settled()) is not None:
            self._end(state["pid"], timeout)
            found = True
        return found

    def _end(self, pid: int, timeout: float) -> None:
        _signal(pid, signal.SIGTERM)
        if not self._gone_within(pid, timeout):
            _signal(pid, signal.SIGKILL)
            if not self._gone_within(pid, FORCE_SECONDS):
                raise PrivateServerError(
                    f"The private MonetDB (process {pid}) cannot be stopped, even by force. Its "
                    "disk may not answer."
                )

    def _gone_within(self, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while is_locked(self._files.lock):
            state = self._files.state()
            if state is not None and state["pid"] != pid:  # another one holds it by now
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True


def _all_of(descriptor: int) -> bytes:
    """What comes out of a pipe until its other end is closed."""
    return b"".join(iter(lambda: os.read(descriptor, 1 << 16), b""))


def _environment() -> dict[str, str]:
    """Ours, with the way to this package and without our secrets.

    The server's working directory is another one, so what is relative to ours is not any more.
    """
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    path = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    places = [Path(__file__).parents[2], *(Path(each).absolute() for each in path)]
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, places))}


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it went by itself meanwhile
        os.kill(pid, number)

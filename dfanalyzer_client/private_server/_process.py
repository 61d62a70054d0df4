"""The server process: ``python -m dfanalyzer_client.private_server._process FOLDER …``.

It detaches from the process that started it (a second fork), opens the database, reports through a
pipe that it is ready or why it is not, and runs until it is told to stop or has been idle for a
while.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

import pymonetdb

from ..errors import PrivateServerError
from ._boot import Kernel
from ._files import DATABASE, READER, WRITER, ServerFiles
from ._locks import try_acquire
from ._network import ConnectionWatch, free_port
from ._unauthenticated import close_unauthenticated, raise_limit

LOG_BYTES = 1 << 20
POLL_SECONDS, UNAUTHENTICATED_POLL_SECONDS = 15.0, 1.0
STOP_SECONDS = 30.0
READER_PATH = '"sys","public"'
"""Schemas in which the reader's statements find tables beside those of the current schema."""


def main() -> None:
    """Become the server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--idle", type=float, required=True, help="minutes; 0: never stop")
    parser.add_argument("--ready", type=int, required=True, help="descriptor to report to")
    arguments = parser.parse_args()
    if os.fork():
        os._exit(0)  # the starting process reaps this one, and init reaps the server
    os.umask(0o077)
    raise_limit()
    server, answer = _open(ServerFiles(arguments.home), arguments.idle)
    # the process that started us may be gone; others may still be waiting for the server
    with contextlib.suppress(BrokenPipeError), os.fdopen(arguments.ready, "w") as report:
        report.write(json.dumps(answer))
    if server is None:
        print(answer.get("error", "another server is starting here"), file=sys.stderr)  # noqa: T201  # into the log
        os._exit(1)
    server.serve()


def _open(files: ServerFiles, idle_minutes: float) -> tuple[Server | None, dict[str, Any]]:
    """The server, and the report for the process that started us."""
    try:
        server = Server(files, idle_minutes)
    except BlockingIOError:
        return None, {"busy": True}
    except (PrivateServerError, OSError) as error:
        return None, {"error": str(error)}
    return server, {"port": server.port}


class Server:
    """An open database that listens; raises BlockingIOError if another process has it open."""

    def __init__(self, files: ServerFiles, idle_minutes: float) -> None:
        self._files, self._idle = files, idle_minutes * 60
        self._lock = try_acquire(files.lock)
        files.machine.write()
        self._wakeup = _signals_to_pipe()
        files.remove_state()  # of a server that was killed
        for user in (WRITER, READER):
            files.password(user)
        files.create_vault_key()
        files.begin_creation()
        self._kernel = Kernel()
        self.port = self._kernel.boot(
            files.database,
            free_port(files.preferred_port()),
            files.vault_key,
            files.password(WRITER),
        )
        self._check()
        files.end_creation()
        files.prefer_port(self.port)
        files.write_reader_login()
        files.write_state(
            {"pid": os.getpid(), "port": self.port, "started": time.time(), "idle": idle_minutes}
        )

    def serve(self) -> NoReturn:
        """Run until a signal arrives, or nobody has connected for the idle time."""
        connections = ConnectionWatch(self.port)
        last_connection = time.monotonic()
        poll_seconds = min(POLL_SECONDS, self._idle / 4) if self._idle else POLL_SECONDS
        last_poll = last_connection
        while not select.select(
            [self._wakeup], [], [], min(poll_seconds, UNAUTHENTICATED_POLL_SECONDS)
        )[0]:
            close_unauthenticated(self.port)
            if time.monotonic() - last_poll < poll_seconds:
                continue
            last_poll = time.monotonic()
            self._files.machine.touch()
            if connections.poll():
                last_connection = time.monotonic()
            _truncate_log(self._files.log)
            if self._idle and time.monotonic() - last_connection >= self._idle:
                print(f"idle for {self._idle:g} s: stopping", flush=True)  # noqa: T201  # into the log
                break
        self._stop()

    def _stop(self) -> NoReturn:
        """Close the database; if that hangs, by force, which loses nothing that was committed."""
        self._files.remove_state()
        limit = threading.Timer(STOP_SECONDS, os.kill, (os.getpid(), signal.SIGKILL))
        limit.daemon = True
        limit.start()
        self._kernel.shutdown()
        self._files.machine.remove()
        os._exit(0)

    def _check(self) -> None:
        """Log in as writer, which proves that the port is ours, and create the reader."""
        connection = self._login(WRITER)
        cursor = connection.cursor()
        password = self._files.password(READER).replace("'", "''")
        cursor.execute("SELECT 1 FROM sys.users WHERE name = %s", (READER,))
        # token_urlsafe: the password needs no quoting, and neither statement takes parameters
        if cursor.fetchone() is None:
            cursor.execute(
                f"CREATE USER \"{READER}\" WITH PASSWORD '{password}' "
                f"NAME 'reads only' SCHEMA \"sys\""
            )
        else:  # a user with the reader's login may have changed its password
            cursor.execute(f"ALTER USER \"{READER}\" WITH PASSWORD '{password}'")
        cursor.execute(f"ALTER USER \"{READER}\" SCHEMA PATH '{READER_PATH}'")
        connection.commit()
        connection.close()
        self._login(READER).close()

    def _login(self, user: str) -> Any:
        return pymonetdb.connect(
            DATABASE,
            hostname="127.0.0.1",
            port=self.port,
            username=user,
            password=self._files.password(user),
            connect_timeout=10,
        )


def _signals_to_pipe() -> int:
    """A descriptor that becomes readable when the server is told to stop.

    A thread of the kernel may receive the signal, so it may not interrupt the main thread's wait.
    """
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(writer, b"."))
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return reader


def _truncate_log(log: Path) -> None:
    """Keep the newest half of a log that is too long; works because it is opened for appending."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > LOG_BYTES:
            with log.open("r+b") as file:
                file.seek(-LOG_BYTES // 2, os.SEEK_END)
                newest = file.read()
                file.truncate(0)
                file.seek(0)
                file.write(newest)


if __name__ == "__main__":
    main()

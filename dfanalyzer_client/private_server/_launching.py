"""Start the server's process, and explain why it did not start."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

from ..errors import KernelMissingError, PrivateServerError
from ..support.descriptors import Descriptor, open_nofollow, private_pipe
from ._boot import kernel_available
from ._files import START_SECONDS, ServerFiles
from ._locks import locked, try_acquire

__all__ = ["start_server"]

NEEDED_BYTES = 16 << 20
TRIES = 2
SECRETS = ("KERAS_PROV_STORE", "KERAS_PROV_TOKEN")


def start_server(files: ServerFiles, idle_minutes: float) -> int:
    """Start the server unless it is running; returns its port.

    Raises:
        KernelMissingError: this installation contains no MonetDB.
        PrivateServerError: it did not start; the message says why and what to do.
    """
    if not kernel_available():
        raise KernelMissingError(
            "This installation of keras-prov contains no MonetDB, so there is no private server. "
            "Install a wheel for this platform (Linux with glibc, x86-64 or aarch64), or set "
            "KERAS_PROV_STORE to a server: monetdb://user:password@host:port/database."
        )
    files.create()
    files.machine.check()
    tries, deadline = 0, time.monotonic() + START_SECONDS
    with locked(files.start_lock):
        while (state := files.settled_state()) is None:
            if tries == TRIES or time.monotonic() >= deadline:
                raise _start_error(files, "it ended without a message")
            tries += not _launch(files, idle_minutes)
    return int(state["port"])


def _launch(files: ServerFiles, idle_minutes: float) -> bool:
    """Start the process, and wait for its report or its end.

    Returns:
        Whether another server is starting there, because the process that started it was killed.

    Raises:
        PrivateServerError: it did not start; the message has the reason.
    """
    _remove_stale_state(files)
    reader, writer = private_pipe()
    try:
        _run(files, idle_minutes, writer)
    finally:
        writer.close()
    with contextlib.closing(reader):
        report = _read_all(reader.number)
    answer = json.loads(report) if report else {}
    if "error" in answer:
        raise _start_error(files, answer["error"])
    return "busy" in answer


def _run(files: ServerFiles, idle_minutes: float, writer: Descriptor) -> None:
    """Run the process that detaches the server, which then reports to `writer`."""
    module = "dfanalyzer_client.private_server._process"
    options = ["--idle", str(idle_minutes), "--ready", str(writer.number)]
    with _open_log(files) as log:
        subprocess.run(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-P", "-m", module, str(files.home), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
            cwd=files.folder,
            env=_environment(),
            pass_fds=(writer.number,),
            start_new_session=True,
        )


def _remove_stale_state(files: ServerFiles) -> None:
    """Remove the state of a killed server before another one takes its lock.

    Otherwise the port and process id of the killed server would be taken for those of the new one.
    """
    with contextlib.suppress(BlockingIOError), try_acquire(files.lock):
        files.remove_state()


def _open_log(files: ServerFiles) -> BinaryIO:
    return open(files.log, "ab", opener=open_nofollow)


def _start_error(files: ServerFiles, reason: str) -> PrivateServerError:
    is_new = files.is_incomplete or not files.database.exists()
    _remove_incomplete(files)
    problem = f"The private MonetDB in {files.folder} did not start ({reason.rstrip('.')})."
    if shutil.disk_usage(files.folder).free < NEEDED_BYTES:
        advice = (
            "Its disk is full: free some space, or set KERAS_PROV_HOME to a folder on another disk."
        )
    elif is_new:
        advice = "To do without it, set KERAS_PROV_STORE to the URL of a server."
    else:
        advice = (
            "Its database may be damaged: `keras-prov db rebuild` sets it aside and creates a new "
            "one from the journals."
        )
    return PrivateServerError(f"{problem} {advice} The log is {files.log}.")


def _remove_incomplete(files: ServerFiles) -> None:
    """Remove an incomplete database, which takes space, unless a server is creating it."""
    with contextlib.suppress(OSError), try_acquire(files.lock):  # the next start would remove it
        files.remove_incomplete()


def _read_all(descriptor: int) -> bytes:
    """Read from a pipe until its other end is closed."""
    return b"".join(iter(lambda: os.read(descriptor, 1 << 16), b""))


def _environment() -> dict[str, str]:
    """Our environment for the server: it finds this package, and gets none of our secrets.

    The server's working directory differs from ours, so relative paths become absolute.
    """
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    places = [Path(__file__).parents[2], *(Path(path).absolute() for path in paths)]
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, places))}

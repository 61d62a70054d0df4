"""On which machine the server runs: others that share the folder must not open its database.

Locks do not tell it, as those of some cluster file systems work within one machine only. So the
server notes its machine in a file, and touches that from time to time.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import PrivateServerError
from ..support.descriptors import open_nofollow
from ..support.machine import boot, is_this_machine

__all__ = ["MachineNote"]

STALE_SECONDS = 180.0
"""After so long without a touch, the machine is gone: it was switched off, or lost the folder."""


@dataclass(frozen=True)
class MachineNote:
    """The file in which the server notes its machine."""

    path: Path

    def write(self) -> None:
        """Note this machine; the caller holds the server's lock.

        Raises:
            PrivateServerError: another machine was faster.
        """
        new = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        with open(new, "w", opener=open_nofollow) as file:
            file.write(json.dumps({"host": socket.gethostname(), "boot": boot()}))
        try:
            os.link(new, self.path)  # only one of two machines succeeds
        except FileExistsError:
            if self.other_machine() is None:
                new.replace(self.path)
        except OSError:  # a file system without links
            new.replace(self.path)
        new.unlink(missing_ok=True)
        self.check()

    def touch(self) -> None:
        """Say that the server still runs here."""
        with contextlib.suppress(OSError):
            os.utime(self.path)

    def remove(self) -> None:
        """The server has ended, so that another machine may start one."""
        self.path.unlink(missing_ok=True)

    def other_machine(self) -> str | None:
        """The name of another machine on which the server runs; None if there is none."""
        try:
            with self.path.open() as file:
                touched, note = os.fstat(file.fileno()).st_mtime, json.load(file)
            host, booted = str(note["host"]), note["boot"]
        except (OSError, LookupError, TypeError, ValueError):
            return None
        if is_this_machine(host, booted) or self._now() - touched > STALE_SECONDS:
            return None
        return host

    def check(self) -> None:
        """Raise PrivateServerError if the server runs on another machine."""
        host = self.other_machine()
        if host is not None:
            raise PrivateServerError(
                f"The private MonetDB of {self.path.parent} runs on {host}, and answers nobody "
                "else. For several machines, set KERAS_PROV_STORE to the URL of a server or of a "
                "relay, or KERAS_PROV_HOME to a folder of this machine. If that machine is gone, "
                f"try again after {STALE_SECONDS:g} s."
            )

    def _now(self) -> float:
        """The time by the clock of the folder's file system, which may be another machine's."""
        with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix="clock.") as probe:
            return os.fstat(probe.fileno()).st_mtime

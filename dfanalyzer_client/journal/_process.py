"""Whether the process of a journal has ended, where no lock tells it."""

from __future__ import annotations

import os
from pathlib import Path

from ..support.machine import boot
from ._reader import Header

__all__ = ["has_ended", "process_identity"]

START_TIME = 18
"""Place of the start time behind the state of a process, in /proc/PID/stat (proc(5))."""

ENDED = ("Z", "X")
"""States of a process that has ended."""


def process_identity(pid: int) -> str | None:
    """What tells a process from others with its number: its namespace and when it began.

    None if the process has ended, also if nobody has waited for it, and on systems without /proc.
    """
    try:
        state, *numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state in ENDED else f"{_namespace()} {numbers[START_TIME]}"
    except (OSError, LookupError, ValueError):
        return None


def has_ended(header: Header) -> bool | None:
    """Whether a process of this machine has ended; None if that cannot be known here.

    Numbers of processes are those of one boot and, in containers, of one namespace. With another
    boot it may have been another machine with the same name.
    """
    if os.name != "posix" or header.boot != boot():
        return None
    if header.process is None:
        return not _runs(header.pid)
    if header.process.partition(" ")[0] != _namespace():
        return None
    return not _runs(header.pid) or process_identity(header.pid) != header.process


def _namespace() -> str:
    """The id of this process' namespace of process numbers (pid_namespaces(7))."""
    return str(Path("/proc/self/ns/pid").readlink())


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

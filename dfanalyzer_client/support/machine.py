"""Which machine this is, as files on a shared file system tell machines apart."""

from __future__ import annotations

import socket
from pathlib import Path

__all__ = ["boot", "is_this_machine"]


def boot() -> str | None:
    """The id of this machine's current boot (random(4)); None if it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def is_this_machine(host: str, booted: str | None) -> bool:
    """Whether a process ran on this machine, or in a container of it, as it noted name and boot."""
    return host == socket.gethostname() or (booted is not None and booted == boot())

"""The machine that this process runs on, by the names of DLProv's table ``hardware_info``."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Any

__all__ = ["hardware"]

GIGABYTE = 1024**3
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where a container's limit of memory stands, of cgroups 2 and 1."""


def hardware() -> dict[str, Any]:
    """What is known of this machine; sizes in units of 1024³ bytes, None for what is unknown."""
    total, limit = _memory(), _memory_limit()
    return {
        "hostname": platform.node(),
        "os": platform.system(),
        "platform": platform.platform(),
        "architecture": platform.machine(),
        "processor": platform.processor() or None,
        "ram_total_gb": _gigabytes(total),
        "ram_limit_gb": _gigabytes(limit if limit is None or total is None else min(limit, total)),
        **_disk(),
        "in_container": Path("/.dockerenv").exists() or Path("/run/.containerenv").exists(),
    }


def _disk() -> dict[str, float | None]:
    try:
        total, used, free = shutil.disk_usage(os.sep)
    except OSError:
        return {}
    return {
        "disk_total_gb": _gigabytes(total),
        "disk_used_gb": _gigabytes(used),
        "disk_free_gb": _gigabytes(free),
    }


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not known everywhere
        return None


def _memory_limit() -> int | None:
    for name in LIMITS:
        try:
            text = Path(name).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        return int(text) if text.isdigit() else None
    return None


def _gigabytes(size: int | None) -> float | None:
    return None if size is None else round(size / GIGABYTE, 2)

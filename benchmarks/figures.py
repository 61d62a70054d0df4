"""Figures as a table on stdout and as JSON, with the machine that they were measured on."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Report", "machine"]

DISTRIBUTIONS = ("keras-prov", "keras", "tensorflow", "jax", "torch", "numpy")


class Report:
    """Collects figures, and prints them as they come."""

    def __init__(self) -> None:
        self._machine = machine()
        self._figures: list[dict[str, Any]] = []
        print(", ".join(f"{name} {value}" for name, value in self._machine.items()))

    def add(
        self,
        part: str,
        what: str,
        unit: str,
        values: Sequence[float],
        factor: float,
        target: str = "",
    ) -> None:
        """Add what was measured: `values` times `factor` is in `unit`."""
        scaled = [value * factor for value in values]
        figure = {
            "part": part,
            "what": what,
            "unit": unit,
            "target": target,
            "count": len(scaled),
            "median": statistics.median(scaled),
            "p99": float(np.percentile(scaled, 99)),
            "min": min(scaled),
            "max": max(scaled),
            "load": os.getloadavg()[0],
        }
        self._figures.append(figure)
        print(
            f"({part}) {what:<48} median {figure['median']:10,.2f} {unit:<7} "
            f"p99 {figure['p99']:10,.2f}  ({figure['min']:,.2f} … {figure['max']:,.2f})  "
            f"n {figure['count']:<6} {'target ' + target if target else ''}",
            flush=True,
        )

    def write(self, path: Path) -> None:
        """Write all figures as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"machine": self._machine, "figures": self._figures}
        path.write_text(json.dumps(content, indent=1) + "\n")
        print(f"Written to {path}.")


def machine() -> dict[str, Any]:
    """The machine that figures are measured on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "versions": _versions(),
        "load": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _versions() -> str:
    """The versions of what is measured and installed."""
    found = []
    for name in DISTRIBUTIONS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    return ", ".join(found)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

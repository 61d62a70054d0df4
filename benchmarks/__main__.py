"""`python -m benchmarks`: every benchmark in turn, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

for name in ("imports", "capture", "training", "delivery", "service"):
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)

"""The command in a terminal, which has 80 columns unless a test says otherwise."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pexpect

__all__ = ["COLUMNS", "in_terminal", "plain"]

ROOT = Path(__file__).parents[2]
COLUMNS = 80
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(*arguments: str, width: int = COLUMNS, **environment: str) -> pexpect.spawn[str]:
    """A command that runs in a pseudo-terminal, which the caller waits for."""
    inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return pexpect.spawn(
        sys.executable,
        ["-m", "dfanalyzer_client.cli", *arguments],
        encoding="utf-8",
        timeout=60,
        cwd=ROOT,
        dimensions=(30, width),
        env={**inherited, "TERM": "xterm", **environment},
    )


def plain(text: str | None) -> list[str]:
    """Lines of a terminal's output, without escape sequences."""
    return _ESCAPES.sub("", text or "").splitlines()

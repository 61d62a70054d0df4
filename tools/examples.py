"""The README's examples: run them, and write their output back.

A block after ``<!-- example: NAME.py -->`` is a file; one after ``<!-- example: session -->`` is a
shell session, whose lines after ``$`` are run and followed by what they print. ``python -m
tools.readme`` brings the README's output up to date.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["README", "normalized", "with_real_output"]

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = re.compile(r"(<!-- example: (\S+) -->\n```\w+\n)(.*?)(```)", re.DOTALL)


def with_real_output(text: str, folder: Path, run: Callable[[str], str]) -> str:
    """`text` with the output of its sessions as `run` (a command line, in `folder`) gives it."""

    def replaced(match: re.Match[str]) -> str:
        head, name, body, tail = match.groups()
        if name != "session":
            (folder / name).write_text(body)
            return match[0]
        commands = [line for line in body.splitlines() if line.startswith("$ ")]
        return head + "".join(f"{each}\n{run(each[2:])}" for each in commands) + tail

    return EXAMPLE.sub(replaced, text)


def normalized(text: str) -> str:
    """`text` without what differs from run to run: figures, paths, and the widths they give."""
    text = re.sub(r"DOTMONETDBFILE=\S+", "DOTMONETDBFILE=FILE", text)
    text = re.sub(r"(?m)^(database|log) +\S+$", r"\1 FILE", text)
    text = re.sub(r"-\d{4}-\d\d-\d\d [\d:.]+-[0-9a-f]{8}", "-TIME", text)  # an execution's tag
    text = re.sub(r"[-+]?\d[\d.:e+-]*", "N", text)
    return re.sub(r"[ \t]+", " ", re.sub(r"-+", "-", text))


def main() -> None:
    """Run the README's examples in an empty folder and write their output into it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            **os.environ,
            "KERAS_PROV_HOME": str(folder / "home"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

        def run(command: str) -> str:
            return subprocess.run(  # noqa: S602 (the README's own lines)
                command, shell=True, cwd=folder, env=environment, check=True, text=True,
                stdout=subprocess.PIPE,
            ).stdout  # fmt: skip

        text = with_real_output(README.read_text(), folder, run)
        run("keras-prov server stop")
        README.write_text(text.replace(str(folder / "home"), "/home/ada/.local/share/keras-prov"))


if __name__ == "__main__":
    main()

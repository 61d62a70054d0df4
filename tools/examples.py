"""The documentation's examples: run them, and write their output back.

A block after ``<!-- example: NAME.py -->`` is a file. One after ``<!-- example: session -->`` is a
shell session: lines that begin with ``$`` are run and followed by what they print. Every page has
its own folder and database. ``<!-- needs: MODULE -->`` names a module that may not be installed,
without which tests leave out the section that it stands in.
``python -m tools.examples`` updates the output of all pages and notebooks,
``python -m tools.examples README.md`` that of one page.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "DOCS",
    "NOTEBOOKS",
    "PAGES",
    "README",
    "command_path",
    "needed_modules",
    "normalized",
    "run_notebook",
    "runnable",
    "with_real_output",
]

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
NOTEBOOKS = sorted((DOCS / "tutorials").glob("*.ipynb"))
PAGES = [
    README,
    *(page for page in sorted(DOCS.rglob("*.md")) if "<!-- example: " in page.read_text("utf-8")),
]
EXAMPLE = re.compile(r"(<!-- example: (\S+) -->\n```\w+\n)(.*?)(```)", re.DOTALL)
SHOWN = ("text/plain", "image/png")
SHOWN_HOME = "/home/ada/.local/share/keras-prov"


def with_real_output(text: str, folder: Path, run: Callable[[str], str]) -> str:
    """`text` with the real output of its sessions; `run` runs a command line in `folder`."""

    def replaced(match: re.Match[str]) -> str:
        head, name, body, tail = match.groups()
        if name != "session":
            (folder / name).write_text(body)
            return match[0]
        commands = [line for line in body.splitlines() if line.startswith("$ ")]
        return head + "".join(f"{line}\n{run(line[2:])}" for line in commands) + tail

    return EXAMPLE.sub(replaced, text)


def normalized(text: str) -> str:
    """`text` without what differs from run to run: numbers, paths, and the width of columns."""
    text = re.sub(r"DOTMONETDBFILE=\S+", "DOTMONETDBFILE=FILE", text)
    text = re.sub(r"(?m)^(database|log) +\S+$", r"\1 FILE", text)
    text = re.sub(r"-\d{4}-\d\d-\d\d [\d:.]+-[0-9a-f]{8}", "-TIME", text)  # an execution's tag
    text = re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)
    text = re.sub(r"\b\w{15}-\d+-[0-9a-f]{8}\.journal", "JOURNAL", text)
    text = re.sub(r"[-+]?\d[\d.:e+-]*", "N", text)
    return re.sub(r"[ \t]+", " ", re.sub(r"-+", "-", text))


def needed_modules(text: str) -> list[str]:
    """The modules that a page's examples need beside those that are always installed."""
    return re.findall(r"<!-- needs: (\w+) -->", text)


def runnable(text: str) -> str:
    """`text` without the sections whose examples need a module that is not installed."""
    sections = re.split(r"(?m)^(?=## )", text)
    return "".join(
        section
        for section in sections
        if all(importlib.util.find_spec(module) for module in needed_modules(section))
    )


def run_notebook(page: Path, folder: Path) -> dict[str, Any]:
    """A notebook, run in `folder`; `nbclient` raises if a cell does."""
    from nbclient import NotebookClient

    notebook = _nbformat().read(page, as_version=4)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, "PATH": command_path(), "JPY_SESSION_NAME": page.name})
    for cell in notebook.cells:
        cell.metadata = {}  # the times at which it ran
        if cell.cell_type == "code":
            cell.outputs = _kept(cell.outputs)
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    return dict(notebook)


def command_path() -> str:
    """PATH, with the commands of this environment before all others."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _nbformat() -> Any:
    return importlib.import_module("nbformat")  # as Any: it is only partly typed


def _kept(outputs: list[Any]) -> list[Any]:
    """The part of a cell's output that is shown: what was printed, results as text, pictures."""
    kept: list[Any] = []
    for output in outputs:
        if "data" in output:
            data = output["data"]
            output["data"] = {kind: data[kind] for kind in SHOWN if kind in data}
            output["metadata"] = {}
            kept.append(output)
        elif output["name"] == "stdout" and kept and "text" in kept[-1]:
            kept[-1]["text"] += output["text"]
        elif output["name"] == "stdout":
            kept.append(output)
    return kept


def main(arguments: Sequence[str]) -> None:
    """Run the examples of the named pages, or of all pages, and write the output into them."""
    for page in [Path(argument).resolve() for argument in arguments] or [*PAGES, *NOTEBOOKS]:
        with tempfile.TemporaryDirectory() as name:
            _update(page, Path(name))


def _update(page: Path, folder: Path) -> None:
    home = folder / "home"
    os.environ["KERAS_PROV_HOME"] = str(home)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    path = command_path()

    def run(command: str) -> str:
        return subprocess.run(  # noqa: S602  # the documentation's own lines
            command,
            shell=True,
            cwd=folder,
            env={**os.environ, "PATH": path},
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout

    try:
        if page.suffix == ".ipynb":
            _nbformat().write(_nbformat().from_dict(run_notebook(page, folder)), page)
        else:
            text = with_real_output(page.read_text(encoding="utf-8"), folder, run)
            page.write_text(text.replace(str(home), SHOWN_HOME), encoding="utf-8")
    finally:
        run("keras-prov server stop")


if __name__ == "__main__":
    main(sys.argv[1:])

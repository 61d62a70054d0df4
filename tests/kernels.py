"""Run cells in a real kernel, as a notebook does."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

__all__ = ["html_of", "run_cells", "text_of"]

ROOT = Path(__file__).parents[1]


def run_cells(folder: Path, sources: Sequence[str], **variables: str) -> list[Any]:
    """The cells, run one after the other in a new kernel in `folder`, with their outputs."""
    client = pytest.importorskip("nbclient")
    made = importlib.import_module("nbformat").v4
    notebook = made.new_notebook(cells=[made.new_code_cell(source) for source in sources])
    runner = client.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}})
    runner.execute(env={**os.environ, "PYTHONPATH": str(ROOT), **variables})
    return list(notebook.cells)


def text_of(cell: Any) -> str:
    """What a cell has printed on standard output."""
    return "".join(output["text"] for output in cell.outputs if output.get("name") == "stdout")


def html_of(cell: Any) -> list[str]:
    """The HTML that a cell shows."""
    shown = [output["data"] for output in cell.outputs if "data" in output]
    return [data["text/html"] for data in shown if "text/html" in data]

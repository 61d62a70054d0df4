"""The installed questions, asked as a user would: `python -m benchmarks.questions`.

They are asked by `keras-prov questions`, in the database of KERAS_PROV_STORE or of KERAS_PROV_HOME.
Answers go to `build/queries.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dfanalyzer_client.questions import Question, shipped_questions

from .figures import machine
from .markdown import table

__all__ = ["answers", "lines", "main"]

RESULTS = Path("build")
ROWS_SHOWN = 8


def main() -> None:
    """Ask, print and write."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.questions",
        description="Ask the questions that are installed.",
    ).parse_args()
    found = answers()
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": machine(), "answers": found}
    (RESULTS / "queries.json").write_text(json.dumps(content, indent=1) + "\n")
    for answer in found:
        print("\n".join([answer["title"], "", *lines(answer), ""]))


def answers() -> list[dict[str, Any]]:
    """Name, title, columns and rows of all questions, in their order.

    Raises:
        RuntimeError: a question failed; the message has the command's error.
    """
    return [_answer(question) for question in shipped_questions()]


def lines(answer: Mapping[str, Any]) -> list[str]:
    """The first rows of the answer, as a table in Markdown."""
    rows = answer["rows"]
    if not rows:
        return ["No rows."]
    found = table(answer["columns"], rows[:ROWS_SHOWN])
    left = len(rows) - ROWS_SHOWN
    return [*found, "", f"… and {left} more rows."] if left > 0 else found


def _answer(question: Question) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "questions", question.name, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{question.name}: {done.stderr.strip()}")
    rows = json.loads(done.stdout)
    return {
        "name": question.name,
        "title": question.title,
        "columns": list(rows[0]) if rows else [],
        "rows": [list(row.values()) for row in rows],
    }


if __name__ == "__main__":
    main()

"""The page about graph databases: its questions have the answers that it shows."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from graph.arcade import GraphServer
from graph.conftest import export
from tools.examples import DOCS, normalized
from warm import warm_python

PAGE = DOCS / "how-to" / "graph-databases.md"
ASKED = re.compile(r"<!-- asked -->\n```cypher\n(.*?)```\n\n(\|.*?)(?=\n\n)", re.DOTALL)


def table(graph: GraphServer, question: str) -> str:
    """The answer to a question, in Markdown."""
    names = re.findall(r"AS (\w+)", question)
    rows = [[str(value) for value in row] for row in graph.ask(question)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [names, ["---"] * len(names), *rows])


@pytest.mark.thorough
def test_the_questions_have_the_answers_of_the_page(graph: GraphServer, tmp_path: Path) -> None:
    """Of the training that the page shows, numbers apart."""
    text = PAGE.read_text(encoding="utf-8")
    (script,) = re.findall(r"<!-- example: train.py -->\n```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "train.py").write_text(script)
    subprocess.run(
        [*warm_python(), "train.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        check=True,
    )
    export("--dataflow", "paths", "--to", graph.url)
    asked = ASKED.findall(text)
    assert len(asked) == text.count("<!-- asked -->")
    answers = {question: table(graph, question) for question, _ in asked}
    for question, shown in asked:
        assert normalized(answers[question]) == normalized(shown), question

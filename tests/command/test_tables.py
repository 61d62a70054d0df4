"""Tables of the command: whole where stdout is no terminal, and what fits where it is one."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pexpect
import pytest
from rich.console import Console

from command.terminal import COLUMNS, in_terminal, plain
from dfanalyzer_client.cli.tables import UNLIMITED, as_table, fitting, whole_table

ROOT = Path(__file__).parents[2]
TAG = "digits-2026-11-27T10-20-30-0123456789abcdef"
WIDE = (
    f"SELECT 7 AS id, '{TAG}' AS execution, 'digits' AS dataflow, 'FINISHED' AS status, "
    "'the first words and then many more of them, which go on' AS text, 1.5 AS a, 2.5 AS b"
)


def output_of(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command prints into a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1", "COLUMNS": "40"}])
def test_a_table_is_whole_in_a_pipe(home: Path, environment: dict[str, str]) -> None:
    """Each row is one line with all of its values, whatever the variables for terminals say."""
    done = output_of("sql", WIDE, **environment)
    (row,) = [line for line in plain(done.stdout) if TAG in line]
    assert "many more of them, which go on |" in row
    assert row.endswith("1.5 | 2.5 |")
    assert done.stderr == "1 row\n"


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["id", "text"], [[1, "x"], [22, "two\nlines\x1b[1m"]]),
        (["日本", "é"], [["👍🏽", None], ["日", 1e-300]]),
        (["execution"], [["a" * 3000], [""]]),
        (["a", " "], [["[bold]", " x "], [True, "x"]]),
        (["nothing"], []),
    ],
)
def test_a_pipe_gets_what_a_wide_terminal_gets(columns: list[str], rows: list[list[Any]]) -> None:
    """A whole table is the one that rich draws, character by character."""
    drawn = StringIO()
    Console(file=drawn, highlight=False, width=UNLIMITED).print(
        as_table(columns, rows, UNLIMITED)[0]
    )
    assert whole_table(columns, rows) + "\n" == drawn.getvalue()


def test_a_terminal_gets_what_fits(home: Path) -> None:
    """No line is longer than the terminal, tags are whole, and it says how to see the rest."""
    terminal = in_terminal("sql", WIDE)
    terminal.expect(pexpect.EOF)
    lines = plain(terminal.before)
    table = [line for line in lines if line[:1] in "+|"]
    assert table
    assert all(len(line) <= COLUMNS for line in table)
    assert any(TAG in line for line in table)
    (said,) = [line for line in lines if "not fit" in line]
    assert "(text, b)" in said
    assert "--csv" in " ".join(lines)


@pytest.mark.parametrize(
    ("columns", "widths", "limit", "expected"),
    [
        (["id", "loss"], [3, 8], 80, {0: 3, 1: 8}),
        (["name", "value"], [10, 500], 80, {0: 10, 1: 63}),
        (["id", "execution", "dataflow"], [3, 60, 30], 80, {0: 3, 1: 60}),
        (["id", "text", "more"], [3, 200, 300], 80, {0: 3, 1: 33, 2: 34}),
        (["text"], [500], 80, {0: 500}),
        (["id", "execution", "text", "status"], [3, 50, 40, 8], 80, {0: 3, 1: 50, 3: 8}),
    ],
)
def test_wide_values_are_folded_into_what_is_left(
    columns: list[str], widths: list[int], limit: int, expected: dict[int, int]
) -> None:
    """Narrow columns and names come first; a column that would be too narrow is left out."""
    assert fitting(columns, widths, limit) == expected
    if len(columns) > 1:
        assert sum(width + 3 for width in expected.values()) + 1 <= limit


@pytest.mark.parametrize(
    ("widths", "limit", "expected"),
    [
        ([3, 40, 8, 60, 8], 160, {0: 3, 1: 40, 2: 8, 3: 60, 4: 8}),
        ([3, 40, 8, 60, 8], 80, {0: 3, 1: 40, 2: 8, 3: 16}),
        ([3, 40, 8, 60, 8], 79, {0: 3, 1: 40, 3: 26}),
        ([3, 50, 8, 60, 8], 76, {0: 3, 1: 24, 2: 8, 3: 17, 4: 8}),
        ([3, 50, 8, 60, 8], 64, {0: 3, 1: 24, 2: 8, 3: 16}),
        ([3, 50, 8, 60, 8], 20, {0: 3}),
    ],
)
def test_what_can_be_spared_goes_before_names_are_folded(
    widths: list[int], limit: int, expected: dict[int, int]
) -> None:
    """Whatever width the terminal has, the table fits."""
    columns = ["id", "execution", "duration", "last metrics", "dataflow"]
    assert fitting(columns, widths, limit, ("dataflow", "duration")) == expected
    assert sum(width + 3 for width in expected.values()) + 1 <= limit

"""What a notebook shows of results: escaped, in short, and with how much there is."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from dfanalyzer_client.analysis.html import run_html, table_html


class _Table:
    """A table as a run has it."""

    def __init__(self, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        self.columns, self.rows = columns, rows

    def __len__(self) -> int:
        return len(self.rows)


def parsed(text: str) -> ElementTree.Element:
    """The HTML, which is well-formed."""
    return ElementTree.fromstring(f"<all>{text}</all>")  # our own


def test_a_table_is_escaped() -> None:
    """Names, values and what is shown on hover are texts, never markup."""
    bad = "<script>alert('x')</script>" * 5
    shown = table_html([bad, "ok"], [(bad, '"><b>'), (None, 0.1234567891)])

    assert "<script" not in shown
    assert "<b>" not in shown
    table = parsed(shown)
    cells = ["".join(cell.itertext()) for cell in table.iter("td")]
    assert cells[1:] == ['"><b>', "", "0.123457"]
    assert len(cells[0]) == 60
    titles = [span.get("title") for span in table.iter("span")]
    assert titles == [bad, bad, "0.1234567891"]


def test_thousands_of_rows_are_cut_and_counted() -> None:
    """A line says how many there are, and where all of them are."""
    shown = table_html(["n"], [(n,) for n in range(5000)])
    assert len(list(parsed(shown).iter("td"))) == 200
    assert "5,000 rows, of which the first 200 are shown. <code>.to_pandas()" in shown

    wide = table_html([f"c{n}" for n in range(300)], [tuple(range(300))])
    assert "1 row; 300 columns, of which the first 60 are shown." in wide
    assert "0 rows<" in table_html(["n"], [])


def test_a_run_has_sections_of_what_it_has() -> None:
    """Its facts, then a table to unfold for every part that has rows."""
    empty = _Table(["a"], [])
    run = SimpleNamespace(
        execution="flow-<1>",
        dataflow="flow",
        status="FINISHED",
        began=datetime(2026, 1, 2, 3, 4, 5),
        seconds=1.5,
        epochs=2,
        outcome={"stop_reason": "finished", "error": None},
        tags={"stage": "final"},
        configuration=_Table(["learning_rate"], [(0.1,)]),
        metrics=_Table(["epoch", "loss"], [(0, 1.0), (1, 0.5)]),
        **dict.fromkeys(("layers", "adaptations", "tests", "files", "environment"), empty),
    )
    page = parsed(run_html(run))

    titles = [summary.text for summary in page.iter("summary")]
    assert titles == ["Configuration (1)", "Metrics (2)"]
    text = "".join(page.itertext())
    assert "flow-<1>" in text
    assert "2026-01-02 03:04:05" in text
    assert "tag stage" in text
    assert "error" not in text

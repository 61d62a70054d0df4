"""How results look in a notebook: tables that scroll, and a run with its parts to unfold.

Texts are escaped, colours are those of the notebook's theme, dark or light, and nothing is loaded
from elsewhere. Long values are cut, and shown whole where the mouse is held over them.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ..support.terminal import terminal_line

__all__ = ["run_html", "table_html"]

MAX_ROWS, MAX_COLUMNS = 200, 60
MAX_CHARACTERS = 60
MAX_WHOLE = 2000
"""Of a long value, where the mouse is held over it."""

CSS = """<style>
.keras-prov-table {max-height: 30em; max-width: 100%; overflow: auto; display: block}
.keras-prov-table table {border-collapse: collapse; color: inherit; font-size: 90%; margin: 0}
.keras-prov-table th, .keras-prov-table td {
  padding: 2px 8px; text-align: left; white-space: nowrap; color: inherit; background: none;
  border: 0; border-bottom: 1px solid rgba(128, 128, 128, 0.3)}
.keras-prov-table th {
  position: sticky; top: 0;
  background: var(--jp-layout-color1, var(--vscode-editor-background, Canvas))}
.keras-prov-table td.number {text-align: right; font-variant-numeric: tabular-nums}
.keras-prov-more {opacity: 0.7; font-size: 85%}
.keras-prov-run summary {cursor: pointer; margin: 4px 0}
</style>"""

PARTS = {
    "configuration": "Configuration",
    "layers": "Layers",
    "metrics": "Metrics",
    "adaptations": "Adaptations",
    "tests": "Tests",
    "files": "Files",
    "environment": "Environment",
}
"""Attributes of a run that are tables, and their titles."""


def table_html(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as an HTML table: the first ones of many, and how many there are."""
    return f"{CSS}{_table(columns, rows)}"


def run_html(run: Any) -> str:
    """A run as HTML: what it is, how it ended, and tables to unfold.

    Args:
        run: has ``execution``, ``dataflow``, ``status``, ``began``, ``seconds``, ``epochs``,
            ``outcome`` and ``tags``, and tables as its other attributes.
    """
    facts = [
        ("dataflow", run.dataflow),
        ("status", run.status),
        ("began", run.began),
        ("seconds", run.seconds),
        ("epochs", run.epochs),
        *dict(run.outcome).items(),
        *((f"tag {name}", value) for name, value in dict(run.tags).items()),
    ]
    known = [(name, value) for name, value in facts if value not in (None, "")]
    head = f"<div><b>{_escaped(run.execution)}</b></div>"
    parts = (_part(title, getattr(run, name)) for name, title in PARTS.items())
    body = "".join([head, _table(("", ""), known, counted=False), *parts])
    return f'{CSS}<div class="keras-prov-run">{body}</div>'


def _part(title: str, table: Any) -> str:
    """A table to unfold; nothing if it has no rows."""
    if not len(table):
        return ""
    inner = _table(table.columns, table.rows)
    return f"<details><summary>{title} ({len(table)})</summary>{inner}</details>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, counted: bool = True) -> str:
    names = "".join(f"<th>{_cut(name)}</th>" for name in columns[:MAX_COLUMNS])
    head = f"<thead><tr>{names}</tr></thead>" if any(columns) else ""
    body = "".join(f"<tr>{_cells(row[:MAX_COLUMNS])}</tr>" for row in rows[:MAX_ROWS])
    more = f'<div class="keras-prov-more">{_size(columns, rows)}</div>' if counted else ""
    table = f"<table>{head}<tbody>{body}</tbody></table>"
    return f'<div class="keras-prov-table">{table}</div>{more}'


def _cells(values: Iterable[Any]) -> str:
    return "".join(
        f'<td class="number">{_cut(value)}</td>' if _is_number(value) else f"<td>{_cut(value)}</td>"
        for value in values
    )


def _cut(value: Any) -> str:
    """A value as it is shown; a long one in short, with the whole as its title."""
    if isinstance(value, float) and f"{value:.6g}" != repr(value):
        return f'<span title="{value!r}">{value:.6g}</span>'
    text = _text(value)
    if len(text) <= MAX_CHARACTERS:
        return html.escape(text)
    whole = text if len(text) <= MAX_WHOLE else f"{text[:MAX_WHOLE]}…"
    short = f"{text[: MAX_CHARACTERS - 1]}…"
    return f'<span title="{html.escape(whole)}">{html.escape(short)}</span>'


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return terminal_line(value)


def _escaped(value: Any) -> str:
    return html.escape(_text(value))


def _size(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """How much there is, and how to see the rest."""
    text = f"{len(rows):,} row{'s' * (len(rows) != 1)}"
    if len(rows) > MAX_ROWS:
        text += f", of which the first {MAX_ROWS} are shown"
    if len(columns) > MAX_COLUMNS:
        text += f"; {len(columns)} columns, of which the first {MAX_COLUMNS} are shown"
    cut = len(rows) > MAX_ROWS or len(columns) > MAX_COLUMNS
    return f"{text}. <code>.to_pandas()</code> has all of them." if cut else text


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

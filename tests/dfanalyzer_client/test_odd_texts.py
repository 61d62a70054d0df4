"""Texts of any kind on their way: into a database, onto a terminal, into a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfanalyzer_client.cli.forms import as_csv, json_text, named_columns
from dfanalyzer_client.declarations.names import (
    MAX_NAME,
    checked_dataflow_tag,
    checked_name,
    original_text,
    storable_name,
    storable_tag,
    storable_text,
)
from dfanalyzer_client.errors import DefinitionError
from dfanalyzer_client.journal import Record
from dfanalyzer_client.journal._record import line_of, parsed
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import MonetDBStore
from dfanalyzer_client.support.spreadsheet import escape_formula
from dfanalyzer_client.support.terminal import terminal_line, terminal_text

ANY = st.text(st.characters() | st.sampled_from("\0\\x0ud8e9\udce9\ufeff%c5"))


@given(ANY)
def test_an_escaped_text_can_be_had_back(text: str) -> None:
    """What is stored holds no NUL and no surrogate, and only one text has that escape."""
    stored = storable_text(text)
    assert "\0" not in stored
    stored.encode()
    assert original_text(stored) == text


@pytest.mark.parametrize("text", ["", "plain", r"C:\new\table", r"\d+\x1b", "é 家 😀", "a\nb"])
def test_texts_that_can_be_stored_stay(text: str) -> None:
    """Backslashes among them, but where they look like our escapes."""
    assert storable_text(text) == text


@given(st.text(st.characters() | st.sampled_from("\0% \ufeff"), max_size=1200))
def test_any_text_has_a_name(text: str) -> None:
    """One that can be an attribute's, always the same, and its own where that can be."""
    name = storable_name(text, "metric")
    assert checked_name(name, "name") == name == storable_name(text, "metric")
    checked_dataflow_tag(storable_tag(text))


def test_names_are_bounded_in_bytes() -> None:
    """MonetDB counts bytes, and refuses a byte order mark: so does the call that gives the name."""
    for name, problem in (("é" * 600, "1200 bytes"), ("a\ufeff", "U\\+FEFF")):
        with pytest.raises(DefinitionError, match=problem):
            checked_name(name, "name")
    one, other = (storable_name("é" * 600 + end) for end in "ab")
    assert one != other
    assert len(one.encode()) <= MAX_NAME
    assert storable_tag("sys") == "sys_script"


def test_values_that_no_column_holds_cost_themselves_alone(home: Path, tag: str, ask: Any) -> None:
    """Whoever wrote the journal: the row is stored, and what was said stands in exact_number."""
    attributes = [{"name": "n", "type": "NUMERIC"}, {"name": "t", "type": "TEXT"}]
    sets = [{"tag": "out", "type": "OUTPUT", "attributes": attributes}]
    said: list[dict[str, Any]] = [
        {
            "kind": "dataflow",
            "tag": tag,
            "exec": "run",
            "transformations": [{"tag": "step", "sets": sets}],
        },
        {
            "kind": "task",
            "dataflow": tag,
            "exec": "run",
            "transformation": "step",
            "id": "1",
            "status": "FAILED",
            "error": "read \0",
            "workspace": "/caf\udce9",
            "sets": [
                {
                    "tag": "out",
                    "attributes": ["n", "t"],
                    "elements": [["many", "a\0"], [10**400, r"\x00"], [3, "b"]],
                }
            ],
        },
    ]
    lines = [line_of(number, json.dumps(message)) for number, message in enumerate(said, 1)]
    records = [record for line in lines if (record := parsed(line)) is not None]
    assert [type(each) for each in records] == [Record, Record]
    store = MonetDBStore(PrivateServer(home).ensure, readers=(READER,))
    store.write(tag, records)
    store.close()
    assert ask.set(tag, "out", "n, t") == [(None, r"a\x00"), (None, r"\x00"), (3, "b")]
    exact = ask.rows(
        'SELECT x.value FROM "public".exact_number x JOIN "public".attribute a '
        'ON a.id = x.attribute_id JOIN "public".data_set s ON s.id = a.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id WHERE d.tag = %s ORDER BY x.element_id',
        tag,
    )
    assert exact == [("many",), (str(10**400),)]
    texts = ask.rows(
        'SELECT error_msg, workspace FROM "public".task WHERE workspace LIKE %s', "/caf%"
    )
    assert texts == [(r"read \x00", r"/caf\udce9")]


def test_what_steers_a_terminal_is_shown() -> None:
    """Escape sequences of both kinds, marks that turn letters around, and other ends of lines."""
    assert terminal_text("\x1b]52;c;x\x07\x9b2J\u202eb\u2066\u2028\r\t\n") == (
        "\\x1b]52;c;x\\x07\\x9b2J\\u202eb\\u2066\\u2028\\r\t\n"
    )
    assert terminal_line("a\nb\tc") == "a\\nb\\tc"
    assert terminal_text("é 家 😀 \\x1b") == "é 家 😀 \\x1b"
    text = json_text([{"a": "\x9b\u202e é"}])
    assert "\\u009b\\u202e é" in text
    assert json.loads(text) == [{"a": "\x9b\u202e é"}]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|x", "-x", "@SUM(1)", "\tx", "\rx", "'=x", "-1-2"])
def test_a_formula_is_defused(text: str) -> None:
    """By a quote, which is one more where there is one."""
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, "-1.5", "+3", "-1e-05", "-inf", "'x", "a=1", "", None])
def test_what_is_no_formula_stays(value: object) -> None:
    """Numbers above all."""
    assert escape_formula(value) == value


def test_columns_have_names_of_their_own() -> None:
    """Of a nameless expression its place; nothing is lost where two have the same."""
    assert named_columns(["%1", "a", "a", "%4", "column_1", "a_2"]) == [
        "column_1_2",
        "a",
        "a_3",
        "column_4",
        "column_1",
        "a_2",
    ]


def test_csv_ends_lines_as_other_commands_do() -> None:
    """With a newline alone, so that ``$(…)`` holds no carriage return."""
    text = as_csv(["%1", "b"], [[1, "x\ny"], [None, "=1"]])
    assert text == 'column_1,b\n1,"x\ny"\n,\'=1\n'
    assert len(list(csv.reader(io.StringIO(text)))) == 3

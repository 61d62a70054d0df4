"""What the bytes of a journal's line say of a message, without parsing it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dfanalyzer_client.declarations.encoding import (
    DATAFLOW,
    TASK,
    RowTemplate,
    encode,
    may_declare,
    may_name,
    plain_text,
    relayed_task,
)
from dfanalyzer_client.journal._record import line_of, parsed

TEXTS = st.text(st.characters(exclude_categories=("Cs",))) | st.sampled_from(
    ['"', "\\", '"kind":"dataflow"', '"elements":[]', "é", "\n", "]]}"]
)
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=3)
)


@given(tag=TEXTS, exec_tag=TEXTS, more=st.dictionaries(TEXTS, VALUES, max_size=3))
def test_no_declaration_is_passed_over(tag: str, exec_tag: str, more: dict[str, Any]) -> None:
    """The line of any dataflow's message may declare it, and may name its execution."""
    message = {"kind": DATAFLOW, **more, "tag": tag, "exec": exec_tag}
    message["kind"] = DATAFLOW
    line = line_of(1, encode(message))
    assert may_declare(line)
    assert may_name(line, exec_tag)
    record = parsed(line)
    assert record is not None
    assert record.message == message
    assert relayed_task(line) is None


@given(tag=TEXTS, name=TEXTS)
def test_a_task_declares_nothing(tag: str, name: str) -> None:
    """Not even where its texts look like a declaration: quotes in them are escaped."""
    line = line_of(1, encode({"kind": TASK, "dataflow": tag, "sets": [{"tag": name}]}))
    assert not may_declare(line)


@given(
    dataflow=TEXTS,
    exec_tag=TEXTS,
    transformation=TEXTS,
    number=st.integers(),
    more=VALUES,
    declared=st.text("0123456789abcdef"),
)
def test_a_relayed_task_is_read_by_its_beginning(
    dataflow: str, exec_tag: str, transformation: str, number: int, more: Any, declared: str
) -> None:
    """Its name and state are those of the message, whatever comes after them."""
    message = {
        "kind": TASK,
        "id": str(number),
        "exec": exec_tag,
        "dataflow": dataflow,
        "transformation": transformation,
        "status": "RUNNING",
        "declared": declared,
        "sets": more,
    }
    task = relayed_task(line_of(7, encode(message)))
    assert task is not None
    assert task.name == (dataflow, exec_tag, transformation, str(number))
    assert (task.status, task.declared) == ("RUNNING", declared)
    assert relayed_task(line_of(7, encode({**message, "id": 3}))) is None


@given(tag=TEXTS, name=TEXTS, row=st.lists(VALUES, min_size=1, max_size=4))
def test_a_template_is_filled_where_the_rows_are(tag: str, name: str, row: list[Any]) -> None:
    """Byte for byte the message with the row, whatever its texts look like."""
    message = {"id": tag, "sets": [{"tag": name, "attributes": [name], "elements": []}], "z": 1}
    whole = {
        "kind": TASK,
        **message,
        "sets": [{"tag": name, "attributes": [name], "elements": [row]}],
    }
    template = RowTemplate(message)
    filled = template.head + ",".join(map(encode, row)) + template.tail
    assert filled == encode(whole) == json.dumps(whole, separators=(",", ":"))


@given(TEXTS)
def test_a_plain_text_is_as_json_has_it(text: str) -> None:
    """Or None, where making it so takes longer."""
    assert plain_text(text) in (None, json.dumps(text))
    assert plain_text("plain") == '"plain"'

"""DfAnalyzer's text protocol: read as the same messages in JSON, and stored as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfanalyzer_client.service._json import lenient
from dfanalyzer_client.service.text_protocol.body import task_of
from dfanalyzer_client.service.text_protocol.calls import TextError
from dfanalyzer_client.service.text_protocol.dataflow import read_dataflow
from dfanalyzer_client.service.text_protocol.task import read_task
from service.conftest import Stored
from service.running import Answer, Service

PLAIN = (
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters=",;{}()"),
        min_size=1,
    )
    .map(str.strip)
    .filter(lambda text: bool(text.strip("\ufeff")))
)
"""A tag, name or value."""

BLANKS = st.sampled_from(["", " ", "\t", "  "])


def braces(parts: list[str]) -> str:
    return "{" + ";".join(parts) + "}"


@given(
    head=st.tuples(PLAIN, PLAIN, st.integers(), st.one_of(st.just(" "), PLAIN)),
    rest=st.lists(PLAIN, max_size=2),
    sets=st.lists(st.tuples(PLAIN, st.lists(st.lists(PLAIN, min_size=1), min_size=1)), max_size=3),
    waits=st.dictionaries(PLAIN, st.lists(st.integers().map(str), min_size=1), max_size=3),
    files=st.lists(st.tuples(PLAIN, PLAIN), max_size=2),
    blank=BLANKS,
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_a_task_in_text_is_the_task_that_was_written(
    head: Any, rest: Any, sets: Any, waits: Any, files: Any, blank: str, end: str
) -> None:
    """Whatever its tags and values are; blanks around them and kinds of line ends are dropped."""
    comma = f"{blank},{blank}"
    first = [*map(str, head), "RUNNING", *rest]
    lines = [f"task({comma.join(first)})"]
    lines += [
        f"collection({tag}{comma}{braces([braces(row) for row in rows])})" for tag, rows in sets
    ]
    if waits:
        groups = [braces(each) for each in waits.values()]
        lines.append(f"{blank}dependency ({braces([*waits])}{comma}{braces(groups)}){blank}")
    lines += [f"file({name}{comma}{path})" for name, path in files]
    expected: dict[str, Any] = dict(
        zip(
            ("dataflow", "transformation", "id", "subid", "status", "workspace", "resource"),
            [each.strip() for each in first],
            strict=False,
        )
    )
    if sets:
        expected["sets"] = [{"tag": tag, "elements": rows} for tag, rows in sets]
    if waits:
        expected["dependency"] = [
            {"tag": tag, "id": each} for tag, ids in waits.items() for each in ids
        ]
    if files:
        expected["files"] = [{"name": name, "path": path} for name, path in files]
    assert read_task(end.join(lines)).message == expected


@given(st.text(st.sampled_from("task(dataflow){};,1a \n\r\t\ufeff"), max_size=60) | st.text())
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    """No other error than ours, and it names a line of the text."""
    for read in (read_task, read_dataflow):
        said = ""
        try:
            read(text)
        except TextError as error:
            said = str(error)
        assert said == "" or said.startswith("Line ")


def test_a_dataflow_in_text_is_the_same_message_in_json() -> None:
    """Attributes stand with each side of their set; who reads a set knows who writes it."""
    found = read_dataflow(
        "dataflow(Shop)\nprogram( clean.sh , /opt/a,b )\n"
        "transformation(clean, {iclean}, {oclean}, {clean.sh})\n"
        "transformation(count, {oclean; other}, {ocount})\n"
        "dataset(iclean, {id; country}, {NUMERIC; TEXT})\ndataset(oclean, {id}, {NUMERIC})\n"
        "dataset(ocount, {}, {})\n"
        "extractor(read, iclean, extraction, csv, {age}, {NUMERIC})\n"
        "extractor(find, iclean, indexing, fastbit, {id}, {NUMERIC})\n"
        "extractor_combination(iclean, read, find, {id}, {NUMERIC})\n"
    ).message
    number = {"name": "id", "type": "NUMERIC"}
    indexed = {**number, "extractor": "find"}
    bare: dict[str, Any] = {"extractors": [], "extractorCombinations": []}
    assert found == {
        "tag": "Shop",
        "transformations": [
            {
                "tag": "clean",
                "sets": [
                    {
                        "tag": "iclean",
                        "type": "INPUT",
                        "attributes": [
                            indexed,
                            {"name": "country", "type": "TEXT"},
                            {"name": "age", "type": "NUMERIC", "extractor": "read"},
                        ],
                        "extractors": [
                            {"tag": "read", "cartridge": "EXTRACTION", "extension": "CSV"},
                            {"tag": "find", "cartridge": "INDEXING", "extension": "FASTBIT"},
                        ],
                        "extractorCombinations": [
                            {
                                "outer": "read",
                                "inner": "find",
                                "keys": ["id"],
                                "keyTypes": ["NUMERIC"],
                            }
                        ],
                    },
                    {"tag": "oclean", "type": "OUTPUT", "attributes": [number], **bare},
                ],
                "programs": [{"name": "clean.sh", "path": "/opt/a,b"}],
            },
            {
                "tag": "count",
                "sets": [
                    {
                        "tag": "oclean",
                        "type": "INPUT",
                        "attributes": [number],
                        **bare,
                        "dependency": "clean",
                    },
                    {"tag": "other", "type": "INPUT"},
                    {"tag": "ocount", "type": "OUTPUT", "attributes": [], **bare},
                ],
                "programs": [],
            },
        ],
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Line 1: the message has no line task("),
        ("\n\nhello", "Line 3: expected one of task("),
        ("task(a,b,1, ,RUNNING", "Line 1: expected one of"),
        ("task(a,b,1,RUNNING)", "Line 1: expected task(DATAFLOW,TRANSFORMATION,ID,SUBID,STATUS"),
        ("task(a,b,one, ,RUNNING)", "Line 1: id: Input should be a valid integer"),
        ("task(a,b,1, ,WALKING)", "Line 1: status: "),
        ("task(a,b,1, ,RUNNING)\ntask(a,b,2, ,RUNNING)", "Line 2: task(…) is given twice"),
        ("task(a,b,1, ,RUNNING)\n\ncollection(s,{{1;2)", "Line 3: a brace is missing"),
        ("task(a,b,1, ,RUNNING)\ncollection(s,{1;2})", "Line 2: expected a list in braces"),
        ("task(a,b,1, ,RUNNING)\ncollection(s)", "Line 2: expected collection(SET,"),
        ("task(a,b,1, ,RUNNING)\ncollection(s,{{{1}}})", "Line 2: element 1 has braces"),
        ("task(a,b,1, ,RUNNING)\ndependency({a;b},{{1}})", "Line 2: 2 transformations and 1"),
        ("task(a,b,1, ,RUNNING)\ndependency({a},{{x}})", "Line 2: dependency: "),
        ("task(a,b,1, ,RUNNING)\nfile(%\0,/x)", "Line 2: files.0.name: "),
        ("dataset(a,{},{})", "Line 1: expected one of task("),
        (b"task(a,b,1, ,RUNNING)\nfile(\xff,x)", "Line 2: the text is not UTF-8"),
    ],
)
def test_a_task_that_cannot_be_read_is_refused(text: str | bytes, reason: str) -> None:
    """With its line and the reason."""
    with pytest.raises(TextError) as refused:
        task_of(text if isinstance(text, bytes) else text.encode())
    assert reason in str(refused.value)


def test_the_messages_of_a_client_in_cpp_become_rows(
    running: Service, tag: str, stored: Stored, ask: Any
) -> None:
    """An execution begins with each dataflow message; a later one may name a set that was."""

    def post(path: str, *lines: str) -> Answer:
        return running.ask(f"/pde/{path}", "\n".join(lines).encode())

    declared = (
        f"dataflow({tag})",
        "program(clean.sh,/opt/clean.sh)",
        "dataset(iclean,{customerid;country;age},{NUMERIC;TEXT;NUMERIC})",
        "dataset(oclean,{customerid;country;age},{NUMERIC;TEXT;NUMERIC})",
        "extractor(read,iclean,extraction,csv,{},{})",
        "transformation(clean,{iclean},{oclean},{clean.sh})",
    )
    answers = [
        post("dataflow", *declared),
        post(
            "task",
            f"task({tag},clean,1, ,RUNNING,/data/,node1)",
            "collection(iclean,{{1;Chile;46};{2;Peru;31}})",
        ),
        post(
            "task",
            f"task({tag},clean,1, ,FINISHED,/data/,node1)",
            "collection(oclean,{{1;Chile;}})",
            "file(clean.csv,/data/clean.csv)",
        ),
        post(
            "dataflow",
            f"dataflow({tag})",
            "dataset(ocount,{number},{NUMERIC})",
            "transformation(clean,{iclean},{oclean},{})",
            "transformation(count,{oclean},{ocount},{})",
        ),
        post("task", f"task({tag},clean,1,7,FINISHED)", "collection(oclean,{{3;Cuba;20}})"),
        post(
            "task",
            f"task({tag},count,2, ,FINISHED)",
            "collection(ocount,{{1}})",
            "dependency({clean},{{1}})",
        ),
    ]
    assert [answer.status for answer in answers] == [200] * 6, answers
    assert stored(f'SELECT number FROM "{tag}".ocount', 1) == [(1.0,)]
    statement = (
        "SELECT e.id, t.identifier, x.tag, t.status, t.workspace, t.computing_resource "
        'FROM "public".task t JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        f"JOIN \"public\".dataflow d ON d.id = e.df_id WHERE d.tag = '{tag}' ORDER BY t.id"
    )
    first, second, third = ask.rows(statement)
    assert first[1:] == (1, "clean", "FINISHED", "/data/", "node1")
    assert second[1:] == (1, "clean", "FINISHED", None, None)
    assert third[1:] == (2, "count", "FINISHED", None, None)
    assert first[0] != second[0] == third[0]
    assert ask.set(tag, "iclean", "customerid, country, age") == [
        (1.0, "Chile", 46.0),
        (2.0, "Peru", 31.0),
    ]
    assert ask.set(tag, "oclean", "customerid, country, age") == [
        (1.0, "Chile", None),
        (3.0, "Cuba", 20.0),
    ]
    ((_, reader),) = ask.rows(
        f'SELECT clean_task_id, count_task_id FROM "{tag}".oclean WHERE customerid = 3'
    )
    assert reader is not None
    assert ask.one("SELECT name FROM \"public\".program WHERE path = '/opt/clean.sh' LIMIT 1")
    unknown = post("task", "task(nosuch,clean,1, ,FINISHED)")
    assert (unknown.status, "No dataflow 'nosuch'" in unknown.detail) == (404, True)
    short = post("task", f"task({tag},clean,3, ,FINISHED)", "collection(oclean,{{1;Chile}})")
    assert (short.status, "has 2 values" in short.detail) == (422, True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2,], "b": {},}', {"a": [1, 2], "b": {}}),
        ('{"a" 1 "b":: [,1 2.5,, -3e2]}', {"a": 1, "b": [1, 2.5, -300.0]}),
        (r'{"path": "C:\data\new\\x \u12"}', {"path": "C:\\data\new\\x \\u12"}),
        ('{"note": "two\nlines"}', {"note": "two\nlines"}),
        ("[01, NaN, null, true]", [1, float("nan"), None, True]),
    ],
)
def test_json_is_read_as_json_simple_read_it(text: str, value: Any) -> None:
    """Commas too many or too few, and backslashes that escape nothing."""
    assert repr(lenient(text)) == repr(value)


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "{} {}", "]", "{1: 2}", "nul", "[" * 1000])
def test_what_is_no_json_stays_none(text: str) -> None:
    """A message that was cut off above all."""
    with pytest.raises(ValueError, match=r"."):
        lenient(text)

"""What DfAnalyzer's own client and server lose without a word is stored, and read back equal."""

from __future__ import annotations

import math
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
    flush,
)
from dfanalyzer_client.errors import DefinitionError, ElementError
from dfanalyzer_client.executions.reader import read_execution
from dfanalyzer_client.executions.summaries import find_execution
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

NAN, INFINITY = float("nan"), float("inf")


class Scalar:
    """A number as TensorFlow's are: it has an ``__index__`` that no float takes."""

    def __index__(self) -> int:
        raise AttributeError("a float has no __index__")

    def __float__(self) -> float:
        return 2.5


NUMBERS = [
    (NAN, NAN),
    (INFINITY, INFINITY),
    (-INFINITY, -INFINITY),
    (None, None),
    (0.1, 0.1),
    (2**63 - 1, 2**63 - 1),
    (-(2**63), -(2**63)),
    (2**53 + 1, 2**53 + 1),
    (5e-324, 5e-324),
    (-0.0, -0.0),
    (True, 1),
    ("0.01", 0.01),
    (np.float32(0.1), float(np.float32(0.1))),
    (np.int64(7), 7),
    (np.float64(NAN), NAN),
    (np.bool_(True), 1),
    (np.array(2.5), 2.5),
    (np.longdouble(0.5), 0.5),
    (Decimal("0.1"), 0.1),
    (Decimal("NaN"), NAN),
    (Fraction(1, 4), 0.25),
    (" -inf ", -INFINITY),
    (Scalar(), 2.5),
]
TEXTS = [
    "it's",
    '"quoted"',
    "C:\\new\\table",
    "two\nlines\r\n",
    "😀 é 家",
    "",
    " ",
    "NULL",
    "null",
    "100%s",
    "%",
    "{}",
    ";",
    "--",
    "'); DROP TABLE task; --",
    "\t\x01\x7f",
    None,
    np.str_("numpy"),
    Path("a/b"),
]
TAG = 'x"; DROP TABLE task; --'


def dataflow(tag: str, **attributes: str) -> Dataflow:
    output = Set(
        "out", SetType.OUTPUT, [Attribute(n, AttributeType(t)) for n, t in attributes.items()]
    )
    return Dataflow(tag, [Transformation("step", [output])])


def say(flow: Dataflow, *rows: list[Any], number: int = 1) -> None:
    task = Task(number, flow.tag, flow.exec_tag, "step")
    task.add_dataset(DataSet("out", [Element(row) for row in rows]))
    task.begin()
    task.end()


def read_back(home: Path, flow: Dataflow) -> list[tuple[Any, ...]]:
    """The rows as `keras-prov show` gives them: exact numbers in their place."""
    assert flush(60)
    connection = Connection(PrivateServer(home).reader_url())
    try:
        summary = find_execution(connection, flow.exec_tag)
        (found,) = read_execution(connection, summary.dataflow, summary.id).sets
    finally:
        connection.close()
    return [row.values for row in found.rows]


def same(read: Any, said: Any) -> bool:
    if isinstance(said, float) and math.isnan(said):
        return isinstance(read, float) and math.isnan(read)
    return bool(read == said)


def test_numbers_of_all_kinds(home: Path, tag: str, ask: Any) -> None:
    """NaN, infinities, None, 64-bit integers, texts of numbers, numpy's: each comes back equal."""
    flow = dataflow(tag, n="NUMERIC")
    say(flow, *([said] for said, _ in NUMBERS))
    read = [row[-1] for row in read_back(home, flow)]
    assert [same(r, wanted) for r, (_, wanted) in zip(read, NUMBERS, strict=True)] == [True] * len(
        NUMBERS
    )
    assert math.copysign(1, read[9]) == -1


@pytest.mark.parametrize("value", ["1e999", "9" * 5000, Decimal("1e999"), 2**64, 1j, "0x10", [1]])
def test_what_a_double_cannot_be_is_refused_at_the_call(tag: str, value: Any) -> None:
    """A finite number beyond all doubles is not stored as infinite."""
    flow = dataflow(tag, n="NUMERIC")
    with pytest.raises(ElementError, match=r"set 'out', element 1, attribute 'n'"):
        say(flow, [1], [value])


def test_plain_numeric_queries_stay_right(tag: str, ask: Any) -> None:
    """NaN, infinities and missing values are told apart, and are none of them in an average."""
    flow = dataflow(tag, n="NUMERIC")
    say(flow, [1.0], [NAN], [3.0], [INFINITY], [-INFINITY], [None])
    assert ask.rows(f'SELECT avg(n), min(n), max(n), count(n) FROM "{tag}"."out"') == [(2, 1, 3, 2)]
    kinds = ask.rows(
        f'SELECT x.value FROM "{tag}"."out" o LEFT JOIN "public".exact_number x '
        'ON x.element_id = o.id AND x.attribute_id = (SELECT a.id FROM "public".attribute a '
        'JOIN "public".data_set s ON s.id = a.ds_id JOIN "public".dataflow d ON d.id = s.df_id '
        "WHERE d.tag = %s) ORDER BY o.id",
        tag,
    )
    assert kinds == [(None,), ("NaN",), (None,), ("Infinity",), ("-Infinity",), (None,)]


def test_texts_of_all_kinds(home: Path, tag: str) -> None:
    """Quotes, backslashes, newlines, emoji, SQL: each comes back equal, and None is no text."""
    flow = dataflow(tag, s="TEXT")
    say(flow, *([text] for text in TEXTS))
    read = [row[-1] for row in read_back(home, flow)]
    assert read == [None if text is None else str(text) for text in TEXTS]


@pytest.mark.thorough
def test_a_text_of_5_mb(home: Path, tag: str) -> None:
    """It comes back equal, beside others."""
    text = "it's \\ 家😀\n" * 500_000
    flow = dataflow(tag, s="TEXT")
    say(flow, [text], ["short"])
    assert [row[-1] for row in read_back(home, flow)] == [text, "short"]


def test_nul_is_refused_at_the_call(tag: str) -> None:
    """No database holds it: the error says where it stands."""
    flow = dataflow(tag, s="TEXT")
    with pytest.raises(ElementError, match=r"set 'out', element 0, attribute 's' holds a NUL"):
        say(flow, ["a\0b"])
    with pytest.raises(DefinitionError, match=r"holds a NUL"):
        Dataflow("a\0b")


def test_long_and_reserved_names(home: Path, tag: str) -> None:
    """Names of 200 characters, SQL's words and signs are names like others."""
    names = [
        "n" * 200,
        "index",
        "values",
        "user",
        "select",
        "order",
        "Ünï %s",
        'a"b',
        "it's",
        "a.b",
    ]
    flow = dataflow(tag + "t" * 180, **dict.fromkeys(names, "NUMERIC"))
    say(flow, list(range(len(names))))
    (row,) = read_back(home, flow)
    assert list(row[-len(names) :]) == list(range(len(names)))


def test_several_elements_and_a_set_that_grew(tag: str, ask: Any) -> None:
    """All elements are kept; an attribute that came later is missing in earlier rows alone."""
    flow = dataflow(tag, a="NUMERIC")
    say(flow, [1], [2])
    later = dataflow(tag, b="NUMERIC", a="NUMERIC")
    say(later, [5, 3], [6, 4])
    say(flow, [7], number=2)  # it still knows its own attributes alone
    rows = ask.set(tag, "out", "a, b")
    assert rows == [(1, None), (2, None), (3, 5), (4, 6), (7, None)]


def test_a_tag_of_sql_is_a_tag(home: Path, ask: Any) -> None:
    """It names a dataflow, a transformation, a set, an attribute and an execution."""
    tag = f"{TAG} {time.time_ns()}"
    output = Set(TAG, SetType.OUTPUT, [Attribute(TAG, AttributeType.TEXT)])
    flow = Dataflow(tag, [Transformation(TAG, [output])])
    task = Task(1, tag, flow.exec_tag, TAG)
    task.add_dataset(DataSet(TAG, [Element([TAG])]))
    task.begin()
    task.end()
    assert [row[-1] for row in read_back(home, flow)] == [TAG]
    assert ask.one('SELECT count(*) FROM "public".dataflow WHERE tag = %s', tag.lower()) == 1
    assert ask.one('SELECT count(*) FROM "public".task') > 0

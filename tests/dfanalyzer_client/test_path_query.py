"""Path queries: the way between sets is found, and nothing but conditions gets into the SQL."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    query,
)
from dfanalyzer_client.errors import (
    DefinitionError,
    DfAnalyzerError,
    RefusedError,
    SelectionError,
    UnknownTagError,
)
from dfanalyzer_client.support.conditions.to_sql import condition

TEXT, NUMERIC = AttributeType.TEXT, AttributeType.NUMERIC


class Mesh:
    """A dataflow of two ways from `imesh` to `oresult`, the one over `ofine` longer by a set.

    ``imesh → split → ocoarse → solve → oresult`` and
    ``imesh → split → oraw → refine → ofine → solve → oresult``; `iconfig` is read by solve.
    """

    def __init__(self, tag: str) -> None:
        self.dataflow = Dataflow(tag)
        self.tag, self.sets = tag, {}
        mesh = self.made("imesh", SetType.INPUT, cells=NUMERIC, index=TEXT)
        coarse = self.made("ocoarse", SetType.OUTPUT, cells=NUMERIC, part=TEXT)
        raw = self.made("oraw", SetType.OUTPUT, part=TEXT)
        fine = self.made("ofine", SetType.OUTPUT, level=NUMERIC, part=TEXT)
        config = self.made("iconfig", SetType.INPUT, solver=TEXT)
        result = self.made("oresult", SetType.OUTPUT, residual=NUMERIC)
        alone = self.made("ialone", SetType.INPUT, x=NUMERIC)
        for name, read, wrote in (
            ("split", [mesh], [coarse, raw]),
            ("refine", [raw], [fine]),
            ("solve", [coarse, fine, config], [result]),
            ("other", [alone], []),
        ):
            sets = [self.read(each) for each in read] + wrote
            self.dataflow.add_transformation(Transformation(name, sets))
        self.dataflow.save()

    def made(self, tag: str, kind: SetType, **attributes: AttributeType) -> Set:
        return Set(tag, kind, [Attribute(name, type_) for name, type_ in attributes.items()])

    def read(self, each: Set) -> Set:
        """The same set as another transformation reads it."""
        if each.tag.startswith("o"):
            producer = {"ocoarse": "split", "oraw": "split", "ofine": "refine"}[each.tag]
            each.set_type(SetType.INPUT)
            each.dependency = producer
        return each

    def task(self, number: int, name: str, after: list[Task], **rows: list[list[Any]]) -> Task:
        task = Task(number, self.tag, self.dataflow.exec_tag, name, dependency=after or None)
        for tag, elements in rows.items():
            task.add_dataset(DataSet(tag, [Element(values) for values in elements]))
        task.end()
        return task


@pytest.fixture
def mesh(tag: str) -> Mesh:
    """Two meshes split, one of them refined, each solved; the first is solved twice."""
    made = Mesh(tag)
    for number, cells in ((1, 10), (2, 20)):
        split = made.task(
            number,
            "split",
            [],
            imesh=[[cells, f"m{number}"]],
            ocoarse=[[cells, "left"], [cells, "right"]],
            oraw=[["left"]],
        )
        refined = made.task(number, "refine", [split], ofine=[[number, "left"]])
        made.task(number, "solve", [split, refined], iconfig=[["cg"]], oresult=[[cells / 1000]])
        if number == 1:
            made.task(3, "solve", [split], iconfig=[["lu"]], oresult=[[math.nan]])
    assert flush(30)
    return made


def test_the_shortest_way_is_found_and_joined_along_the_tasks(mesh: Mesh) -> None:
    """Each mesh with the results that came of it, of every task that read its parts."""
    found = query(mesh.tag, ["imesh"], ["oresult"], ["imesh.index", "residual"], "part = 'left'")
    assert found.columns == ["imesh.index", "oresult.residual"]
    assert (found.sets, found.transformations) == (
        ["imesh", "ocoarse", "oresult"],
        ["split", "solve"],
    )
    assert [repr(row) for row in found] == ["('m1', 0.01)", "('m1', nan)", "('m2', 0.02)"]


def test_the_statement_can_be_run_by_hand(mesh: Mesh, ask: Any) -> None:
    """With the values in it, whatever signs they have."""
    odd = r"it''s \n 50%s 100%"
    selection = f"imesh.index = 'm1' OR imesh.index = '{odd}' OR imesh.index LIKE '%2'"
    found = query(mesh.tag, ["imesh"], ["oresult"], ["imesh.index"], selection)
    assert r"'it''s \\n 50%s 100%'" in found.statement
    assert [row[-1] for row in ask.rows(found.statement)] == [row[0] for row in found]
    assert {row[0] for row in found} == {"m1", "m2"}


def test_included_and_excluded_sets_choose_the_way(mesh: Mesh) -> None:
    """The longer way where it is wanted, or where the shorter one is not."""
    for choice in ({"include": ["OFINE"]}, {"exclude": ["ocoarse"]}):
        found = query(mesh.dataflow, "imesh", "oresult", ["cells", "level", "residual"], **choice)
        assert found.sets == ["imesh", "oraw", "ofine", "oresult"]
        assert found.rows == [(10.0, 1.0, 0.01), (20.0, 2.0, 0.02)]


def test_several_sources_are_joined_where_their_ways_meet(mesh: Mesh) -> None:
    """Their rows belong to the same task; without a projection all of both ends is shown."""
    found = query(mesh.tag, ["iconfig", "ofine"], ["oresult"])
    assert found.columns == ["iconfig.solver", "ofine.level", "ofine.part", "oresult.residual"]
    assert found.rows == [("cg", 1.0, "left", 0.01), ("cg", 2.0, "left", 0.02)]


def test_one_set_alone_can_be_asked_for(mesh: Mesh) -> None:
    """Where source and target are the same no way is needed."""
    assert query(mesh.tag, "imesh", "imesh", selection="cells > 10").rows == [(20.0, "m2")]


def test_logical_and_hybrid_mappings_join_by_values(mesh: Mesh) -> None:
    """Where tasks do not say what belongs together, attributes of the same name may."""
    wanted = ["imesh.cells", "part"]
    rows = [(10.0, "left"), (10.0, "right"), (20.0, "left"), (20.0, "right")]
    for mapping in ("LOGICAL", "hybrid"):
        assert query(mesh.tag, "imesh", "ocoarse", wanted, mapping=mapping).rows == rows
    with pytest.raises(UnknownTagError, match="no attribute in common"):
        query(mesh.tag, "ofine", "oresult", mapping="LOGICAL")
    with pytest.raises(DefinitionError, match=r"PHYSICAL, LOGICAL, HYBRID\. Received: 'MENTAL'"):
        query(mesh.tag, "ofine", "oresult", mapping="MENTAL")


@pytest.mark.parametrize(
    ("selection", "meshes"),
    [
        ("cells = 10", ["m1"]),
        ("cells < 15.5 OR cells >= 2e1", ["m1", "m2"]),
        ("NOT (cells BETWEEN 5 AND 15)", ["m2"]),
        ("imesh.\"index\" IN ('m1', 'it''s') AND cells IS NOT NULL", ["m1"]),
        ("index LIKE '%2'", ["m2"]),
        ("cells * 2 - 1 > 20 -- a comment", ["m2"]),
        ("cells IS NULL", []),
        ("index = 'C:\\new%s'", []),
        ("-cells < -15", ["m2"]),
        ("limit 1", None),
        ("1 = 1", ["m1", "m2"]),
    ],
)
def test_conditions_over_attributes_select(
    mesh: Mesh, selection: str, meshes: list[str] | None
) -> None:
    """Comparisons, arithmetic, IN, BETWEEN, LIKE, IS NULL, and what joins them."""
    if meshes is None:
        with pytest.raises(SelectionError):
            query(mesh.tag, "imesh", "imesh", ["index"], selection)
    else:
        found = query(mesh.tag, "imesh", "imesh", ["index"], selection)
        assert [name for (name,) in found] == meshes


@pytest.mark.parametrize(
    "selection",
    [
        "1=1; DROP TABLE x",
        "cells IN (SELECT 1)",
        "EXISTS (SELECT 1)",
        'cells = (SELECT max(id) FROM "public".task)',
        "sleep(10) = 1",
        "cells = CAST('1' AS INT)",
        "cells = 1 UNION SELECT 1",
        "cells = 1 ORDER BY 1",
        "cells = ?",
        "cells = :name",
        "cells = NULL",
        "cells",
        "cells + 1",
        "'a'",
        "cells = 1e999",
        "CASE WHEN cells = 1 THEN 1 END = 1",
        "public.imesh.cells = 1",
        "*",
        "cells = 1 AND",
        "cells BETWEEN SYMMETRIC 2 AND 1",
        "(" * 3000 + "cells = 1" + ")" * 3000,
        " AND ".join(["cells = 1"] * 500),
        "cells = 1 " + " " * 20_000,
    ],
)
def test_anything_but_a_condition_is_refused(mesh: Mesh, selection: str) -> None:
    """No subquery, function, statement, placeholder or mere value gets through."""
    with pytest.raises(SelectionError):
        query(mesh.tag, "imesh", "imesh", selection=selection)


def test_a_word_of_sql_as_a_name_needs_quotes_and_the_error_says_so(mesh: Mesh) -> None:
    """A hyperparameter may be called ``drop``."""
    with pytest.raises(SelectionError, match="double quotes"):
        query(mesh.tag, "imesh", "imesh", ["index"], "drop > 1")
    with pytest.raises(UnknownTagError, match="attribute 'drop'"):
        query(mesh.tag, "imesh", "imesh", ["index"], '"drop" > 1')


WORDS = r"""
    a b x.y ( ) , ; ' '' " -- /* */ = < > + - * / AND OR NOT IN LIKE BETWEEN IS NULL SELECT FROM
    UNION DROP TABLE 1 2.5 'text' %s ? :p \ { } [ ] :: || f( cast ASC
"""


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(WORDS.split()),
        max_size=12,
    )
)
def test_no_text_brings_more_than_conditions_into_the_sql(words: list[str]) -> None:
    """Whatever is written, what comes out has our own words alone, or it is refused."""
    names = {"a": "NAME_A", "b": "NAME_B", "y": "NAME_Y"}

    def resolve(tag: str | None, name: str) -> str:
        if name not in names:
            raise UnknownTagError(name)
        return names[name]

    try:
        text, parameters = condition(" ".join(words), resolve)
    except DfAnalyzerError:
        return
    allowed = {
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "ILIKE",
        "BETWEEN",
        "IS",
        "NULL",
        "%s",
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "*",
        "/",
        *names.values(),
    }
    spaced = text.replace("(", " ").replace(")", " ").replace(",", " ")
    assert set(spaced.split()) <= allowed
    assert text.count("%s") == len(parameters)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "nosuch"}, "has no set 'nosuch'. Expected one of 'ialone'"),
        ({"source": "ialone"}, "source 'ialone' is cut off"),
        ({"source": ["imesh", "ialone"]}, "source 'ialone' is cut off"),
        ({"target": ["oresult", "iconfig"]}, "target 'iconfig' is cut off"),
        ({"source": []}, "at least one source set"),
        ({"include": ["iconfig"]}, "passes 'iconfig'"),
        ({"exclude": ["ocoarse", "ofine"]}, "without 'ocoarse', 'ofine'"),
        ({"projection": ["nosuch"]}, "No set on the path has an attribute 'nosuch'"),
        ({"projection": ["cells"]}, "Several sets on the path have an attribute 'cells'"),
        ({"projection": ["ofine.level"]}, "Set 'ofine' is not on the path, which passes 'imesh'"),
        ({"selection": "nosuch = 1"}, "No set on the path has an attribute 'nosuch'"),
        ({"dataflow": "nosuch"}, "no dataflow 'nosuch'"),
    ],
)
def test_what_is_not_there_is_named(mesh: Mesh, arguments: dict[str, Any], message: str) -> None:
    """Sets, attributes and paths; the message says what there is."""
    given = {"dataflow": mesh.tag, "source": "imesh", "target": "oresult", **arguments}
    with pytest.raises(UnknownTagError, match=message):
        query(**given)


def test_a_comparison_of_text_with_a_number_is_an_error_of_one_line(mesh: Mesh) -> None:
    """MonetDB's own reason is passed on."""
    with pytest.raises(RefusedError, match="many"):
        query(mesh.tag, "imesh", "imesh", selection="cells = 'many'")


def test_names_may_hold_dots(tag: str, ask: Any) -> None:
    """Each column of an answer can be asked for, whatever its set and attribute are called."""
    output = Set("o.1", SetType.OUTPUT, [Attribute("a.b", NUMERIC), Attribute("b", NUMERIC)])
    dataflow = Dataflow(tag, [Transformation("t", [output])])
    with dataflow.task("t") as task:
        task.generated([1, 2])
    assert flush(30)
    found = query(dataflow, "o.1", "o.1")
    assert found.columns == ["o.1.a.b", "o.1.b"]
    assert query(dataflow, "o.1", "o.1", found.columns).rows == [(1, 2)]
    assert query(dataflow, "o.1", "o.1", ["b", "A.b"], '"o.1"."a.b" = 1').rows == [(2, 1)]
    with pytest.raises(UnknownTagError, match="Set 'o' is not on the path"):
        query(dataflow, "o.1", "o.1", ["o.2.b"])


def test_rows_are_bounded(mesh: Mesh) -> None:
    """As many as were asked for at most, and none is as good a number as others."""
    assert [len(query(mesh.tag, "imesh", "imesh", limit=n)) for n in (0, 1, 9)] == [0, 1, 2]
    with pytest.raises(DefinitionError, match=r"must be 0 or more\. Received: -1"):
        query(mesh.tag, "imesh", "imesh", limit=-1)


def test_rows_become_a_data_frame(mesh: Mesh) -> None:
    """Where pandas is installed."""
    frame = query(mesh.tag, "imesh", "ofine", ["cells", "level"], limit=1).to_pandas()
    assert list(frame.columns) == ["imesh.cells", "ofine.level"]
    assert frame.to_numpy().tolist() == [[10.0, 1.0]]


def test_the_command_prints_what_the_function_gives(mesh: Mesh, home: Path) -> None:
    """As a table, CSV or JSON; an error is one line and exit code 1."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dfanalyzer_client.cli", "query", mesh.tag, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    way = ["--source", "imesh", "--target", "ofine"]
    values = ["--projection", "cells", "--projection", "level", "--selection", "level > 1"]
    found = run(*way, *values, "--json")
    assert json.loads(found.stdout) == [{"imesh.cells": 20.0, "ofine.level": 2.0}]
    assert run(*way, *values, "--csv").stdout == "imesh.cells,ofine.level\n20.0,2.0\n"
    assert "| imesh.cells | ofine.level |" in run(*way, *values).stdout
    wrong = run(*way, "--selection", "1; DROP TABLE x")
    assert wrong.returncode == 1
    assert len(wrong.stderr.splitlines()) == 1
    assert "not a condition" in wrong.stderr

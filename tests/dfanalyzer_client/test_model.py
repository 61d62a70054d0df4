"""The DfAnalyzer model: messages as its clients know them, and wrong parts raised where given."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dfanalyzer_client
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Dependency,
    Element,
    Extractor,
    ExtractorCartridge,
    ExtractorCombination,
    ExtractorExtension,
    File,
    MethodType,
    Performance,
    Program,
    Set,
    SetType,
    Task,
    TaskStatus,
    Transformation,
)
from dfanalyzer_client.errors import DefinitionError, ElementError, UnknownTagError


def numeric(*names: str) -> list[Attribute]:
    return [Attribute(name, AttributeType.NUMERIC) for name in names]


def two_steps(tag: str) -> Dataflow:
    """A dataflow of two transformations that share a set."""
    shared = Set("oFirst", SetType.OUTPUT, numeric("RESULT"))
    first = Transformation("First", [Set("iFirst", SetType.INPUT, numeric("A", "B")), shared])
    shared.set_type(SetType.INPUT)
    shared.dependency = first.tag
    return Dataflow(tag, [first, Transformation("Second", [shared])])


def test_a_dataflow_message_is_dfanalyzers() -> None:
    """Tags, types, attributes and dependency stand as in the documented message."""
    message = two_steps("MnistRun").get_specification()
    assert message["tag"] == "mnistrun"
    assert message["exec"].startswith("MnistRun-")
    first, second = message["transformations"]
    assert first["sets"][1] == {
        "tag": "ofirst",
        "type": "OUTPUT",
        "attributes": [{"name": "result", "type": "NUMERIC"}],
    }
    assert second["sets"][0]["type"] == "INPUT"
    assert second["sets"][0]["dependency"] == "first"


def test_a_task_message_is_dfanalyzers(tag: str) -> None:
    """The specification has id, execution, status, dependency and sets as documented."""
    dataflow = two_steps(tag)
    first = Task(1, tag, dataflow.exec_tag, "First")
    second = Task("2", tag, dataflow.exec_tag, "Second", dependency=[first])
    second.add_dataset(DataSet("oFirst", [Element([1])]))
    message = second.get_specification()
    assert message["dependency"] == {"tags": [{"tag": "first"}], "ids": [{"id": "1"}]}
    assert (message["id"], message["status"]) == ("2", "READY")
    assert message["sets"] == [{"tag": "ofirst", "elements": [[1]]}]


def test_rows_of_several_tasks_are_stored(tag: str, ask: Any) -> None:
    """Elements, statuses and the reader's task id stand in MonetDB as they were said."""
    dataflow = two_steps(tag)
    dataflow.save()
    first = Task(1, tag, dataflow.exec_tag, "First")
    first.add_dataset(DataSet("iFirst", [Element([1, "2.5"]), Element([3, None])]))
    first.begin()
    first.add_dataset(DataSet("oFirst", [Element([np.float32(0.5)])]))
    first.end()
    second = Task(1, tag, dataflow.exec_tag, "Second", dependency=first)
    second.begin()

    assert ask.set(tag, "iFirst", "a, b") == [(1.0, 2.5), (3.0, None)]
    ((writer, reader, result),) = ask.set(tag, "oFirst", "first_task_id, second_task_id, result")
    assert result == 0.5
    statuses = dict(
        ask.rows('SELECT id, status FROM "public".task WHERE id IN (%s, %s)', writer, reader)
    )
    assert statuses == {writer: "FINISHED", reader: "RUNNING"}


def test_a_dependency_may_name_several_tasks_in_one_text(tag: str, ask: Any) -> None:
    """Ids joined by semicolons, as DfAnalyzer's messages have them, are tasks of one tag."""
    dataflow = two_steps(tag)
    for number in (1, 2):
        task = Task(number, tag, dataflow.exec_tag, "First")
        task.add_dataset(DataSet("oFirst", [Element([number])]))
        task.end()
    second = Task(3, tag, dataflow.exec_tag, "Second")
    dependency = Dependency(["nosuch"], ["1; 2"])
    second.add_dependency(dependency)
    with pytest.raises(UnknownTagError, match="depends on one of 'nosuch'"):
        second.begin()

    dependency.tags = ["First"]
    assert dependency.ids == [{"id": "1;2"}]
    second.add_dependency(dependency)
    second.begin()
    read = ask.set(tag, "oFirst", "result, second_task_id IS NOT NULL")
    assert read == [(1, True), (2, True)]


def test_periods_of_a_task_are_stored_beside_its_own(tag: str, ask: Any) -> None:
    """With method and description, in UTC; once, also where the first try was refused."""
    dataflow = two_steps(tag)
    task = Task(1, tag, dataflow.exec_tag, "First")
    task.start_time = "2026-11-23 04:05:05"
    period = Performance(
        "2026-11-23T06:05:05+02:00", "2026-11-23", MethodType.EXTRACTION, "it's read"
    )
    period.endTime = "2026-11-23 04:05:07.5"
    task.add_performance(period)
    task.add_dataset(DataSet("oFirst", [Element(["no number"])]))
    with pytest.raises(ElementError):
        task.end()
    task.end()
    rows = ask.rows(
        "SELECT p.method, p.description, CAST(p.starttime AS TEXT), p.endtime = e.ended "
        'FROM "public".performance p JOIN "public".task_ended e ON e.task_id = p.task_id '
        'JOIN "public".task t ON t.id = p.task_id '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY p.id',
        tag,
    )
    assert rows == [
        ("EXTRACTION", "it's read", "2026-11-23 04:05:05.000000", False),
        ("COMPUTATION", None, "2026-11-23 04:05:05.000000", True),
    ]


def test_every_part_of_a_task_is_stored(tag: str, ask: Any) -> None:
    """Data sets accumulate; files, times, texts and each task it depends on have their rows."""
    dataflow = two_steps(tag)
    first = [Task(number, tag, dataflow.exec_tag, "First") for number in (1, 2)]
    for task in first:
        for value in (task.id, task.id * 10):
            task.add_dataset(DataSet("oFirst", [Element([value])]))
        task.end()
    second = Task(
        3,
        tag,
        dataflow.exec_tag,
        "Second",
        sub_id="3b",
        dependency=first,
        workspace="/scratch",
        resource="node 7",
        output="it's done",
    )
    second.add_file(File("/data/it's \\here 100 %", "mesh.msh"))
    second.begin()
    second.end(error="one warning")

    rows = ask.set(tag, "oFirst", "first_task_id, second_task_id, result")
    (one, reader, _), _, (two, _, _), _ = rows
    assert rows == [(one, reader, 1), (one, reader, 10), (two, reader, 2), (two, reader, 20)]
    assert ask.rows(
        "SELECT identifier, status, workspace, computing_resource, output_msg, error_msg "
        'FROM "public".task WHERE id = %s',
        reader,
    ) == [(3, "FINISHED", "/scratch", "node 7", "it's done", "one warning")]
    assert ask.rows('SELECT name, path FROM "public".file WHERE task_id = %s', reader) == [
        ("mesh.msh", "/data/it's \\here 100 %")
    ]
    ((subtask, method, start, end),) = ask.rows(
        'SELECT subtask_id, method, starttime, endtime FROM "public".performance '
        "WHERE task_id = %s",
        reader,
    )
    assert (subtask, method) == ("3b", "COMPUTATION")
    assert start <= end
    edges = 'SELECT previous_task_id FROM "public".task_dependency WHERE task_id = %s ORDER BY 1'
    assert ask.rows(edges, reader) == [(one,), (two,)]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda df: DataSet("nosuch", [Element([1])]), UnknownTagError, ["nosuch", "ifirst"]),
        (
            lambda df: DataSet("iFirst", [Element([1])]),
            ElementError,
            ["ifirst", "1 values", "a, b"],
        ),
        (lambda df: DataSet("iFirst", [Element([1, "x"])]), ElementError, ["ifirst", "'b'", "'x'"]),
        (lambda df: DataSet("iFirst", [Element([1, 2**63])]), ElementError, ["number"]),
    ],
)
def test_rows_that_do_not_fit_raise_and_spoil_nothing(
    tag: str, ask: Any, make: Callable[[Any], DataSet], error: type[Exception], words: list[str]
) -> None:
    """The error names set, attribute and what was received; the task can go on afterwards."""
    dataflow = two_steps(tag)
    dataflow.save()
    task = Task(1, tag, dataflow.exec_tag, "First")
    task.add_dataset(make(dataflow))
    with pytest.raises(error) as caught:
        task.begin()
    for word in words:
        assert word in str(caught.value)
    task.add_dataset(DataSet("iFirst", [Element([1, 2])]))
    task.end()
    assert ask.set(tag, "iFirst", "a, b") == [(1.0, 2.0)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Attribute("a", "NUMERIC"),
        lambda: Attribute("", AttributeType.TEXT),
        lambda: Set("s", "INPUT", []),
        lambda: Set("s", SetType.INPUT, numeric("A", "a")),
        lambda: Set("s", SetType.INPUT, ["a"]),
        lambda: Transformation("t", ["s"]),
        lambda: Dataflow("d\0"),
        lambda: Dataflow("%d"),
        lambda: Dataflow("two\nlines"),
        lambda: Dataflow("d" * 1001),
        lambda: Dataflow(7),
        lambda: Task("one", "d", "e", "t"),
        lambda: Task(1, "d", "e", "t", dependency=["other"]),
        lambda: Task(1, "d", "e", "t", workspace="a\0b"),
        lambda: Task(1, "d", "e", "t", output="\ud800"),
        lambda: Task(1, "d", "e", "t").set_status("FINISHED"),
        lambda: Task(1, "d", "e", "t").end(TaskStatus.RUNNING),
        lambda: Dependency(["a"], [1, 2]),
        lambda: Dependency(["a"], ["first"]),
        lambda: Dependency("a", "1"),
        lambda: Performance("yesterday", "2026-11-23 04:05:05"),
        lambda: Performance(1, 2),
        lambda: Performance("2026-11-23", "2026-11-24", "COOKING"),
        lambda: Task(1, "d", "e", "t").add_performance(("2026-11-23", "2026-11-24")),
        lambda: Program(7, "path"),
        lambda: Transformation("t", programs=["solve"]),
        lambda: Set("s", SetType.INPUT, extractors=["e"]),
        lambda: Extractor("e", "EXTRACTION", ExtractorExtension.CSV),
        lambda: Extractor("e", ExtractorCartridge.EXTRACTION, "CSV"),
        lambda: ExtractorCombination("a", "b", []),
        lambda: ExtractorCombination("a", "b", ["k"], ["TEXT", "TEXT"]),
    ],
)
def test_a_wrong_part_raises_where_it_is_given(make: Callable[[], object]) -> None:
    """Each constructor refuses what could not be stored, at once."""
    with pytest.raises(DefinitionError):
        make()


@pytest.mark.parametrize(
    ("tag_", "sets", "word"),
    [
        ("sys", [], "sys"),
        ("public", [], "public"),
        ("ok", [Set("keys", SetType.INPUT, [])], "keys"),
        ("ok", [Set("s", SetType.INPUT, numeric("id"))], "'id'"),
        ("ok", [Set("s", SetType.INPUT, numeric("T_task_id"))], "t_task_id"),
        ("ok", [Set("s", SetType.INPUT, []), Set("ds_s", SetType.INPUT, [])], "ds_s"),
    ],
)
def test_names_that_the_database_needs_are_refused(tag_: str, sets: list[Set], word: str) -> None:
    """A dataflow, set or attribute that MonetDB or DfAnalyzer has a use for raises at save()."""
    with pytest.raises(DefinitionError, match=word):
        Dataflow(tag_, [Transformation("T", sets)]).save()


def test_a_task_of_an_unsaved_dataflow_raises(home: Path) -> None:
    """A task whose dataflow nobody declared says what to call first."""
    with pytest.raises(UnknownTagError, match=r"Dataflow\.save"):
        Task(1, "nobody-declared-this", "e", "t").begin()


def test_scripts_older_than_executions_name_none(tag: str, ask: Any) -> None:
    """Their tasks are of the newest Dataflow of that tag, also where nobody holds it any more."""
    two_steps(tag).save()
    two_steps(f"{tag}-other")
    dataflow = two_steps(tag)
    dataflow.save()
    first, newest = Task(1, tag.upper(), "First"), dataflow.exec_tag
    del dataflow
    first.begin()
    Task(2, tag, "Second", dependency=first).end()
    found = ask.rows(
        'SELECT e.tag, x.tag FROM "public".task t JOIN "public".dataflow_execution e '
        'ON e.id = t.df_exec JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = e.df_id WHERE d.tag = %s ORDER BY t.id',
        tag,
    )
    assert found == [(newest, "first"), (newest, "second")]
    with pytest.raises(UnknownTagError, match="'nobody-declared-this' has none"):
        Task(1, "nobody-declared-this", "First")


def test_an_attribute_keeps_its_type(tag: str) -> None:
    """Declaring an attribute anew with another type raises and names both."""
    Dataflow(tag, [Transformation("T", [Set("s", SetType.INPUT, numeric("a"))])]).save()
    other = Set("s", SetType.INPUT, [Attribute("a", AttributeType.TEXT)])
    with pytest.raises(DefinitionError, match="NUMERIC"):
        Dataflow(tag, [Transformation("T", [other])]).save()


def with_programs(tag: str, *programs: Program, extractors: Sequence[Any] = ()) -> Dataflow:
    """A dataflow of one transformation that programs do, whose set has extractors."""
    read = Set("iStep", SetType.INPUT, numeric("A", "B"), extractors)
    return Dataflow(tag, [Transformation("Step", [read], programs)])


CATALOGUE = {
    "program": (
        'SELECT t.tag, p.name, p.path FROM "public".program p '
        'JOIN "public".use_program u ON u.program_id = p.id '
        'JOIN "public".data_transformation t ON t.id = u.dt_id '
        'JOIN "public".dataflow d ON d.id = p.df_id WHERE d.tag = %s ORDER BY p.id'
    ),
    "extractor": (
        'SELECT s.tag, e.tag, e.cartridge, e.extension FROM "public".extractor e '
        'JOIN "public".data_set s ON s.id = e.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id WHERE d.tag = %s ORDER BY e.id'
    ),
    "combination": (
        'SELECT o.tag, i.tag, c.keys, c.key_types FROM "public".extractor_combination c '
        'JOIN "public".extractor o ON o.id = c.outer_ext_id '
        'JOIN "public".extractor i ON i.id = c.inner_ext_id '
        'JOIN "public".data_set s ON s.id = c.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id WHERE d.tag = %s ORDER BY c.id'
    ),
}


def test_programs_are_stored_once(tag: str, ask: Any) -> None:
    """A program that does two transformations is one row, used twice; others come when they do."""
    first, second = Program("solve", "/opt/it's here/solve"), Program("plot.py", "~/plot.py")
    dataflow = with_programs(tag, first)
    dataflow.add_transformation(Transformation("Other", programs=[first]))
    dataflow.save()
    with_programs(tag, first, second).save()
    assert ask.rows(CATALOGUE["program"], tag) == [
        ("step", "solve", "/opt/it's here/solve"),
        ("other", "solve", "/opt/it's here/solve"),
        ("step", "plot.py", "~/plot.py"),
    ]
    assert ask.one('SELECT count(*) FROM "public".program WHERE name = %s', "solve") == 1


def test_extractors_and_their_combinations_are_stored_once(tag: str, ask: Any) -> None:
    """With cartridge and extension, and the keys that join them; a later one is added."""
    left = Extractor("Left", ExtractorCartridge.EXTRACTION, ExtractorExtension.CSV)
    right = Extractor("Right", ExtractorCartridge.INDEXING, ExtractorExtension.FASTBIT)
    both = ExtractorCombination("Left", "Right", ["A", "B"], ["NUMERIC", "NUMERIC"])
    with_programs(tag, extractors=[left]).save()
    for _ in range(2):
        with_programs(tag, extractors=[left, right, both]).save()
    assert ask.rows(CATALOGUE["extractor"], tag) == [
        ("istep", "left", "EXTRACTION", "CSV"),
        ("istep", "right", "INDEXING", "FASTBIT"),
    ]
    assert ask.rows(CATALOGUE["combination"], tag) == [("left", "right", "a;b", "NUMERIC;NUMERIC")]


def test_messages_of_programs_and_extractors_are_dfanalyzers() -> None:
    """Their names, and the tags that say where they belong when they are not given to it."""
    program = Program("solve", "/opt/solve")
    assert program.get_specification() == {"name": "solve", "path": "/opt/solve"}
    extractor = Extractor("Ext", ExtractorCartridge.EXTRACTION, ExtractorExtension.FITS)
    extractor.setTag, extractor.transformationTag, extractor.dataflowTag = "ds1", "tf1", "df1"
    assert extractor.get_specification() == {
        "tag": "ext",
        "cartridge": "EXTRACTION",
        "extension": "FITS",
        "setTag": "ds1",
        "transformationTag": "tf1",
        "dataflowTag": "df1",
    }
    program.path = "/opt/other"
    extractor.cartridge = ExtractorCartridge.INDEXING
    assert (program.path, extractor.cartridge) == ("/opt/other", "INDEXING")


@pytest.mark.parametrize(
    ("extractors", "words"),
    [
        ([ExtractorCombination("left", "right", ["a"])], ["no extractor 'left'", "none declared"]),
        (
            [
                Extractor("e", ExtractorCartridge.EXTRACTION, ExtractorExtension.CSV),
                Extractor("E", ExtractorCartridge.INDEXING, ExtractorExtension.CSV),
            ],
            ["'e'", "EXTRACTION CSV", "INDEXING CSV"],
        ),
    ],
)
def test_extractors_that_do_not_fit_raise(
    tag: str, extractors: list[Any], words: list[str]
) -> None:
    """A combination of what is not there, and a tag that means two extractors, are errors."""
    with pytest.raises(DefinitionError) as caught:
        with_programs(tag, extractors=extractors).save()
    for word in words:
        assert word in str(caught.value)


def test_parts_have_the_properties_that_existing_scripts_use() -> None:
    """Of a file, an extractor and a period."""
    file = File("/data", "mesh.msh")
    assert (file.path, file.name) == ("/data", "mesh.msh")
    extractor = Extractor("e", ExtractorCartridge.EXTRACTION, ExtractorExtension.CSV)
    extractor.add_cartridge(ExtractorCartridge.INDEXING)
    extractor.add_extension(ExtractorExtension.FASTBIT)
    assert (extractor.cartridge, extractor.extension) == ("INDEXING", "FASTBIT")
    period = Performance("2026-11-23 04:05:05", "2026-11-23 04:05:07")
    period.method = MethodType.PROVENANCE
    assert (period.startTime, period.method) == ("2026-11-23 04:05:05", "PROVENANCE")


SUBMODULES = {
    "attribute": "Attribute",
    "attribute_type": "AttributeType",
    "dataflow": "Dataflow",
    "dataset": "DataSet",
    "dependency": "Dependency",
    "element": "Element",
    "extractor": "Extractor",
    "extractor_cartridge": "ExtractorCartridge",
    "extractor_extension": "ExtractorExtension",
    "file": "File",
    "method_type": "MethodType",
    "performance": "Performance",
    "program": "Program",
    "set": "Set",
    "set_type": "SetType",
    "task": "Task",
    "task_status": "TaskStatus",
    "transformation": "Transformation",
}


@pytest.mark.parametrize(("module", "name"), SUBMODULES.items())
def test_existing_scripts_find_every_class_in_its_submodule(module: str, name: str) -> None:
    """As `from dfa_lib_python.module import Name` does, and in the package itself."""
    found = getattr(importlib.import_module(f"dfanalyzer_client.{module}"), name)
    assert found is getattr(dfanalyzer_client, name)
    assert found.__doc__

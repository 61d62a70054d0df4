"""What scripts of DfAnalyzer's own client in Python set and read, as its tests do."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Dependency,
    Element,
    ExtractorCartridge,
    MethodType,
    Performance,
    Set,
    SetType,
    Task,
    Transformation,
)
from dfanalyzer_client.errors import DefinitionError, DfAnalyzerError
from dfanalyzer_client.raw_data_extractor import RawDataExtractor
from dfanalyzer_client.raw_data_indexer import RawDataIndexer

RDE = """#!/bin/sh
for each in "$0" "$@"; do echo "$each"; done > "$DFANALYZER_DIR/told"
exit "${RDE_STATUS:-0}"
"""


def test_an_attribute_is_renamed_before_it_is_added() -> None:
    """A set has the name that it had then, and a bad name raises and changes nothing."""
    attribute = Attribute("att1", AttributeType.TEXT)
    attribute.name = "Att-Modified"
    result = Set("set", SetType.INPUT, [attribute])
    with pytest.raises(DefinitionError, match="is empty"):
        attribute.name = " "
    attribute.name = "later"
    assert attribute.name == "later"
    assert result.attributes == [{"name": "att-modified", "type": "TEXT"}]


def test_values_are_read_as_texts_and_sent_as_given(tag: str, ask: Any) -> None:
    """A number is stored as exactly as it was given, whatever text is read of it."""
    element = Element([1, 0.1, None, "x"])
    assert element.values == ["1", "0.1", "None", "x"]
    element.values = [5, 6]
    assert element.values == ["5", "6"]

    large = 2**62 + 1
    data = DataSet("iStep", [Element([large, 1e-320])])
    assert data.elements == [[str(large), "1e-320"]]
    assert data.get_specification()["elements"] == [[large, 1e-320]]
    columns = [Attribute(name, AttributeType.NUMERIC) for name in ("a", "b")]
    Dataflow(tag, [Transformation("Step", [Set("iStep", SetType.INPUT, columns)])]).save()
    task = Task(1, tag, f"{tag}-run", "Step")
    task.add_dataset(data)
    task.end()
    assert ask.set(tag, "iStep", "a, b") == [(float(large), 1e-320)]


def test_a_method_is_equal_to_its_name() -> None:
    """It is given and compared as a member or as a text; others are refused."""
    period = Performance("2026-11-23 04:05:05", "2026-11-23 04:05:07", MethodType.EXTRACTION)
    assert period.method == MethodType.EXTRACTION == "EXTRACTION"
    period.method = "PROVENANCE"
    assert period.get_specification()["method"] == MethodType.PROVENANCE.value
    period.method = ""
    assert period.method == "COMPUTATION"
    with pytest.raises(DefinitionError, match=r"COMPUTATION, EXTRACTION, .*Received: 'COOKING'"):
        period.method = "COOKING"


def test_ids_of_a_dependency_are_read_as_given_and_sent_as_texts() -> None:
    """Numbers stay numbers where a script reads them; the message has texts."""
    dependency = Dependency(["task1", "task2"], [1, "2; 3"])
    assert dependency.ids == [{"id": 1}, {"id": "2;3"}]
    assert dependency.get_specification() == {
        "tags": [{"tag": "task1"}, {"tag": "task2"}],
        "ids": [{"id": 1}, {"id": "2;3"}],
    }
    assert dependency.message()["ids"] == [{"id": "1"}, {"id": "2"}, {"id": "3"}]
    task = Task(1, "df", "run", "task4")
    task.add_dependency(dependency)
    assert task.get_specification()["dependency"] == dependency.message()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ProvenanceObject", "ProvenanceObject"),
        ("raw_data_extractor", "RawDataExtractor"),
        ("raw_data_indexer", "RawDataIndexer"),
    ],
)
def test_modules_have_the_names_that_scripts_import(module: str, name: str) -> None:
    """`from dfanalyzer_client.X import Y` finds a class."""
    assert isinstance(getattr(importlib.import_module(f"dfanalyzer_client.{module}"), name), type)
    assert issubclass(
        Set, importlib.import_module("dfanalyzer_client.ProvenanceObject").ProvenanceObject
    )


def test_programs_of_dfanalyzer_are_called_with_what_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command with blanks is one argument; a failure is told."""
    monkeypatch.setenv("DFANALYZER_DIR", str(tmp_path))
    for name in ("RDE", "RDI"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(RDE)
        program.chmod(0o755)

    extractor = RawDataExtractor(
        ExtractorCartridge.EXTRACTION,
        "cat a.csv",
        [Attribute("A", AttributeType.NUMERIC), "b:TEXT"],
    )
    extractor.run()
    assert (tmp_path / "told").read_text().splitlines() == [
        str(tmp_path / "bin" / "RDE"), "EXTRACTION:EXTRACT", "extractor", ".", "cat a.csv",
        "[a:NUMERIC,b:TEXT]",
    ]  # fmt: skip
    assert "'cat a.csv'" in extractor.get_command_line()

    indexer = RawDataIndexer(ExtractorCartridge.INDEXING, "ext", "/data", "a.csv", [], "-x 1")
    indexer.run()
    assert (tmp_path / "told").read_text().splitlines()[1:] == [
        "INDEXING:INDEX", "ext", "/data", "a.csv", "[]", "-x", "1",
    ]  # fmt: skip
    monkeypatch.setenv("RDE_STATUS", "3")
    with pytest.raises(DfAnalyzerError, match="status 3"):
        indexer.run()


def test_without_dfanalyzer_a_call_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call is described nevertheless, as an Extractor for its set."""
    monkeypatch.delenv("DFANALYZER_DIR", raising=False)
    extractor = RawDataExtractor(ExtractorCartridge.EXTRACTION, "cat a.csv", [])
    assert Set("s", SetType.INPUT, extractors=[extractor.extractor]).extractors == [
        {"tag": "extractor", "cartridge": "EXTRACTION", "extension": "PROGRAM"}
    ]
    with pytest.raises(DfAnalyzerError, match="set DFANALYZER_DIR"):
        extractor.run()
    monkeypatch.setenv("DFANALYZER_DIR", str(tmp_path))
    with pytest.raises(DfAnalyzerError, match="RDE cannot be run: No such file"):
        extractor.run()
    with pytest.raises(DefinitionError, match="list of attributes"):
        RawDataExtractor(ExtractorCartridge.EXTRACTION, "cat", "a")

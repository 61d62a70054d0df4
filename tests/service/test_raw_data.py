"""Files of raw data that clients name: read below the folders of the service alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dfanalyzer_client.cli import main
from service.conftest import Stored
from service.running import Service, service


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of raw data: two files, links out of it, and a program."""
    folder = tmp_path_factory.mktemp("raw")
    (folder / "a.csv").write_text("id_no,country\n1,Chile\n2,Peru\n")
    (folder / "b.csv").write_text("id_no,age\n1,30\nx,31\n")
    (folder / "away.csv").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("/")
    (folder / "sub").mkdir()
    return folder


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that prints what it gets: how many lines, and how many of our variables."""
    script = tmp_path_factory.mktemp("programs") / "count.sh"
    script.write_text(
        '#!/bin/sh\necho id_no,age\necho "$(wc -l < "$1"),$(env | grep -c ^KERAS_)"\n'
    )
    script.chmod(0o700)
    return script


@pytest.fixture(scope="module")
def reading(home: Path, folder: Path, reader: Path) -> Iterator[Service]:
    """A service that reads files of the folder, with the program."""
    options = ("--raw-data", str(folder), "--raw-data-program", str(reader))
    with service(*options, KERAS_PROV_STRICT="1") as started:
        yield started


def declared(at: Service, tag: str, reader: str = "/bin/cat") -> None:
    """Declare a dataflow whose sets are read from files, in text."""
    text = f"""dataflow({tag})
program(count,{reader})
dataset(iread,{{filename}},{{FILE}})
extractor(customers,iread,EXTRACTION,CSV,{{id_no;country}},{{NUMERIC;TEXT}})
extractor(count,icount,EXTRACTION,PROGRAM,{{id_no;age}},{{NUMERIC;NUMERIC}})
extractor(left,ijoin,EXTRACTION,CSV,{{id_no;country}},{{NUMERIC;TEXT}})
extractor(right,ijoin,EXTRACTION,CSV,{{id_no;age}},{{NUMERIC;NUMERIC}})
extractor_combination(ijoin,left,right,{{id_no}},{{NUMERIC}})
transformation(read,{{iread;icount;ijoin}},{{}},{{count}})"""
    answer = at.ask("/pde/dataflow", text.encode())
    assert answer.status == 200, answer.text


def said(at: Service, tag: str, *lines: str, workspace: Path | str = "") -> Any:
    text = "\n".join([f"task({tag},read,1, ,RUNNING,{workspace})", *lines])
    return at.ask("/pde/task", text.encode())


def test_a_service_reads_no_files_unless_it_is_told_to(
    running: Service, tag: str, stored: Stored, folder: Path
) -> None:
    """The answer says how to tell it; values that a client sends itself are stored."""
    declared(running, tag)
    for lines in (
        (f"collection(iread,{{{{{folder}/a.csv}}}})",),
        ("collection(icount,{{a.csv}})", f"file(a.csv,{folder})"),
    ):
        answer = said(running, tag, *lines)
        assert (answer.status, "serve --raw-data" in answer.detail) == (403, True)
    assert said(running, tag, "collection(iread,{{here;7;Chile}})").status == 200
    statement = f'SELECT filename, id_no, country FROM "{tag}".iread'
    assert stored(statement, 1) == [("here", 7, "Chile")]


def test_files_below_the_folder_become_rows(
    reading: Service, tag: str, stored: Stored, folder: Path
) -> None:
    """In text and in JSON: by its path, by its name in the workspace, or as a file of the task."""
    declared(reading, tag)
    path = f"{folder}/a.csv"
    assert said(reading, tag, f"collection(iread,{{{{{path}}}}})").status == 200
    both = "collection(iread,{{one;a.csv};{two;sub/../a.csv}})"
    assert said(reading, tag, both, workspace=folder).status == 200
    assert said(reading, tag, "collection(iread,{{a.csv}})", f"file(a.csv,{folder})").status == 200
    task = {"dataflow": tag, "transformation": "read", "id": 1}
    for data in (
        {"elements": [path]},
        {"elements": [f"json;{path}"]},
        {"elements": [[path]], "attributes": ["customers"]},
    ):
        answer = reading.task({**task, "sets": [{"tag": "iread", **data}]})
        assert answer.status == 200, answer.text
    statement = f'SELECT filename, id_no, country FROM "{tag}".iread ORDER BY id'
    names = [path, "one", "two", "a.csv", path, "json", path]
    expected = [(name, *row) for name in names for row in ((1, "Chile"), (2, "Peru"))]
    assert stored(statement, len(expected)) == expected
    files = stored(f"SELECT path, mode FROM \"public\".file WHERE path LIKE '{folder}%'", 6)
    assert set(files) == {(path, "read"), (str(folder), "read")}


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        ("/etc/passwd", 403, "below the folders"),
        ("../nosuch.csv", 403, "below the folders"),
        ("away.csv", 403, "below the folders"),
        ("up/etc/passwd", 403, "below the folders"),
        (".", 403, "below the folders"),
        ("nosuch.csv", 422, "No such file"),
        ("b.csv", 422, "line 1"),
    ],
)
def test_other_files_are_not_read(
    reading: Service, tag: str, folder: Path, value: str, status: int, reason: str
) -> None:
    """Outside, the answer is the same whether there is a file; links and dots lead nowhere."""
    declared(reading, tag)
    answer = said(reading, tag, f"collection(iread,{{{{{value}}}}})", workspace=folder)
    assert (answer.status, reason in answer.detail) == (status, True), answer.detail
    relative = said(reading, tag, "collection(iread,{{a.csv}})")
    assert (relative.status, "absolute paths" in relative.detail) == (403, True)


def test_a_row_that_does_not_fit_is_refused_with_its_line(
    reading: Service, tag: str, folder: Path
) -> None:
    """And with its column, and the file's path; the same holds for the inner file of two."""
    declared(reading, tag)
    answer = said(reading, tag, "collection(ijoin,{{a.csv;b.csv}})", workspace=folder)
    assert answer.status == 422
    assert f"{folder}/b.csv, line 3, column 'id_no'" in answer.detail


def test_only_programs_that_the_service_was_told_of_are_run(
    reading: Service, tag: str, stored: Stored, folder: Path, reader: Path
) -> None:
    """They get the file that was opened, and none of the service's own variables."""
    declared(reading, tag, "/bin/cat")
    element = "collection(icount,{{a.csv}})"
    answer = said(reading, tag, element, workspace=folder)
    assert (answer.status, "--raw-data-program" in answer.detail) == (403, True)
    other = f"{tag}-other"
    declared(reading, other, str(reader))
    assert said(reading, other, element, workspace=folder).status == 200
    assert stored(f'SELECT id_no, age FROM "{other}".icount', 1) == [(3, 0)]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path, folder: Path) -> None:
    """So is a program that is not there, and one without a folder."""
    nosuch = str(tmp_path / "nosuch")
    for options, words in (
        (["--raw-data", nosuch], "There is no folder"),
        (["--raw-data", str(folder), "--raw-data-program", nosuch], "There is no program"),
        (["--raw-data-program", "/bin/cat"], "give --raw-data"),
    ):
        answer = CliRunner().invoke(main, ["serve", *options])
        assert answer.exit_code == 1
        assert words in answer.output

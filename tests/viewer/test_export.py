"""The screen of exports: each link of it is a file."""

from __future__ import annotations

import io
import json
import shutil
import urllib.request
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from dfanalyzer_client.cli.export import FORMATS as COMMANDS_FORMATS
from dfanalyzer_client.viewer.exports.formats import FORMATS
from viewer.looking import Viewer, check_accessible, fits_its_width
from viewer.trainings import trained


def test_the_formats_are_those_of_the_command() -> None:
    """What `keras-prov export` writes, the viewer gives, too."""
    assert set(FORMATS) == set(COMMANDS_FORMATS)


def test_a_link_downloads_a_document(look: Callable[..., Any], tag: str) -> None:
    """The page names the newest execution; its link to PROV-JSON is a file named after it."""
    trained(tag)
    page = look("export")
    name = page.locator("input[name=run]").input_value()
    assert name.startswith(tag)
    assert page.locator(".link").first.input_value().startswith("http://127.0.0.1:")
    with page.expect_download() as download:
        page.get_by_role("link", name="PROV-JSON", exact=True).click()
    assert download.value.suggested_filename.endswith(".json")
    assert json.loads(download.value.path().read_text())["activity"]
    check_accessible(page)
    assert fits_its_width(page)


def test_tables_are_csv(viewer: Viewer, tag: str) -> None:
    """The epochs are CSV with metrics under their own names; an archive has every set."""
    trained(tag, epochs=4)
    rows = viewer.ask("export/rows.csv?run=last").text.splitlines()
    assert len(rows) == 5
    assert "val_loss" in rows[0].split(",")
    with zipfile.ZipFile(_content(viewer, "export/tables.zip?run=last")) as archive:
        assert {"metrics.csv", "sets/otrainingmodel.csv"} <= set(archive.namelist())
        assert archive.read("metrics.csv").decode().splitlines() == rows


@pytest.mark.thorough
def test_a_comparison_is_csv(viewer: Viewer, tag: str) -> None:
    """Two executions are two rows, and what differs comes first."""
    trained(tag, 0.01)
    trained(tag, 0.02)
    rows = viewer.ask("sql/rows.json?" + urlencode({"statement": _newest(tag)})).text
    names = [row["tag"] for row in json.loads(rows)]
    text = viewer.ask(f"export/comparison.csv?{urlencode([('run', each) for each in names])}").text
    header, *lines = text.splitlines()
    assert len(lines) == 2
    columns = header.split(",")
    assert columns.index("hyperparameters.learning_rate") < columns.index("status")


def test_what_cannot_be_exported_is_said(viewer: Viewer, tag: str) -> None:
    """Unknown names and formats, and formats without bundles, are one sentence."""
    trained(tag)
    for path, status, text in (
        ("export?run=nothing-such", 404, "nothing-such"),
        ("export?dataflow=nothing-such", 404, "There is no dataflow"),
        ("export/file?format=docx", 400, "Expected one of: provn"),
        (f"export/file?dataflow={tag}&format=turtle", 400, "is of one execution"),
        ("export/rows.csv?run=last&set=nothing", 404, "has no set"),
    ):
        answer = viewer.ask(path)
        assert answer.status == status, path
        assert text in answer.text


@pytest.mark.thorough
@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_each_format_is_a_file(viewer: Viewer, tag: str, format_: str) -> None:
    """Each link gives what its format begins with."""
    if format_ in ("svg", "png", "pdf") and shutil.which("dot") is None:
        pytest.skip("there is no Graphviz")
    trained(tag)
    content = _content(
        viewer, f"export/file?run=last&format={format_}&epochs=0&design=1"
    ).getvalue()
    begins = {"png": b"\x89PNG", "pdf": b"%PDF", "ro-crate": b"PK", "cypher": b"//"}
    assert content.startswith(begins.get(format_, b""))
    assert len(content) > 500


@pytest.mark.thorough
def test_a_whole_dataflow_is_one_document(viewer: Viewer, tag: str) -> None:
    """All executions of a dataflow are bundles of one document."""
    trained(tag, 0.01)
    trained(tag, 0.02)
    document = json.loads(viewer.ask(f"export/file?dataflow={tag}&format=json").text)
    assert len(document["bundle"]) == 2
    assert "RO-Crate" not in viewer.ask(f"export?dataflow={tag}").text


def _newest(tag: str) -> str:
    return (
        'SELECT e.tag FROM "public".dataflow_execution e '
        f"JOIN \"public\".dataflow d ON d.id = e.df_id WHERE d.tag = '{tag}'"
    )


def _content(viewer: Viewer, path: str) -> io.BytesIO:
    request = urllib.request.Request(viewer.address(path))  # noqa: S310 (our own http)
    request.add_header("Authorization", f"Bearer {viewer.token}")
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own http)
        return io.BytesIO(answer.read())

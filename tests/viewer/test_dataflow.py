"""The screen of a dataflow: its graph, and path queries that are built on it."""

from __future__ import annotations

import csv
import io
import math
import shlex
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

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
from dfanalyzer_client.cli import main
from viewer.looking import Viewer, check_accessible, fits_its_width
from viewer.trainings import trained

Look = Callable[..., Any]
EVIL = "<img src=x onerror=alert(1)>"
VALUE = f"'; {EVIL} \\ 50%s"


def shown(page: Any, id_: str) -> str:
    """The text of a part of the page."""
    return str(page.locator(f"#{id_}").text_content())


def choose(page: Any, *tags: str) -> None:
    """Click sets of the graph, one after the other."""
    page.wait_for_selector(".node")
    for tag in tags:
        page.locator(f'[data-id="set:{tag}"]').click()


def test_two_clicks_are_a_path_query(look: Look, ask: Any, tag: str) -> None:
    """The rows are shown, with the SQL and the command line that give the same."""
    trained(tag)
    page = look(f"dataflow?tag={tag}")
    choose(page, "itrainingmodel", "otrainingmodel")
    page.wait_for_selector("#rows tbody tr")
    assert page.locator("#rows tbody tr").count() == 3
    assert "source=itrainingmodel&target=otrainingmodel" in page.url
    assert page.locator(".node.on-path").count() == 1
    assert len(ask.rows(shown(page, "sql"))) == 3
    command = shlex.split(shown(page, "command"))[1:]
    printed = CliRunner().invoke(main, [*command, "--csv"])
    assert len(printed.stdout.splitlines()) == 4, printed.output
    check_accessible(page)
    assert fits_its_width(page)


@pytest.mark.thorough
def test_conditions_and_columns_are_in_the_address(look: Look, ask: Any, tag: str) -> None:
    """What is chosen is there again after a reload, and holds for SQL, command and CSV."""
    trained(tag, epochs=5)
    page = look(f"dataflow?tag={tag}&source=itrainingmodel&target=otrainingmodel")
    page.get_by_label("Condition").fill("epoch_id >= 3 AND otrain_timestamp LIKE '2%'")
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("otrainingmodel.epoch_id").check()
    page.get_by_role("button", name="Query").click()
    page.wait_for_url("**projection=**")
    page.reload()
    assert page.locator("#rows tbody").inner_text().split() == ["3", "4"]
    assert [row[-1] for row in ask.rows(shown(page, "sql"))] == [3, 4]
    command = shlex.split(shown(page, "command"))[1:]
    printed = CliRunner().invoke(main, [*command, "--csv"])
    assert printed.stdout.split() == ["otrainingmodel.epoch_id", "3.0", "4.0"], printed.output
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text() == printed.stdout


@pytest.mark.thorough
def test_a_wrong_condition_is_said_beside_the_form(look: Look, tag: str) -> None:
    """What was typed stays, to be mended."""
    trained(tag)
    query = urlencode({"tag": tag, "source": "itrainingmodel", "target": "otrainingmodel"})
    page = look(f"dataflow?{query}&selection=DROP+TABLE")
    assert "not a condition" in page.locator("main .problem[role=alert]").inner_text()
    assert page.get_by_label("Condition").input_value() == "DROP TABLE"
    page = look(f"dataflow?{urlencode({'tag': tag, 'source': 'otrainingmodel'})}&target=ilayers")
    assert "no path leads" in page.locator("main .problem[role=alert]").inner_text()
    page = look(f"dataflow?{query}&selection=loss<-1")
    assert "No rows fulfil the condition" in page.locator("main").inner_text()


@pytest.mark.thorough
def test_rows_are_paged_in_the_database(viewer: Viewer, tag: str) -> None:
    """Fifty on a page, each row on one of them."""
    trained(tag, epochs=60)
    query = urlencode({"tag": tag, "source": "itrainingmodel", "target": "otrainingmodel"})
    first, second = (viewer.ask(f"dataflow?{query}&page={number}").text for number in (1, 2))
    assert (first.count("<tr>"), second.count("<tr>")) == (51, 11)
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert "There are not so many pages" in viewer.ask(f"dataflow?{query}&page=3").text


@pytest.fixture
def wild(tag: str) -> str:
    """A dataflow whose names and values are HTML, formulas and numbers that are none."""
    name = f"{EVIL}{tag}"
    dataflow = Dataflow(name)
    read = Set(f"i{EVIL}", SetType.INPUT, [Attribute(EVIL, AttributeType.TEXT)])
    value = Attribute("value", AttributeType.NUMERIC)
    wrote = Set("owild", SetType.OUTPUT, [value, Attribute("text", AttributeType.TEXT)])
    dataflow.add_transformation(Transformation(f"t{EVIL}", [read, wrote]))
    dataflow.save()
    task = Task(1, name, dataflow.exec_tag, f"t{EVIL}")
    task.add_dataset(DataSet(f"i{EVIL}", [Element([VALUE])]))
    task.add_dataset(DataSet("owild", [Element([math.nan, "=1+1"]), Element([1, "x" * 500_000])]))
    task.end()
    assert flush(30)
    return name


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_and_values_are_texts(
    look: Look, viewer: Viewer, ask: Any, wild: str, scheme: str
) -> None:
    """Neither runs: in graph, table, SQL and CSV; long values are cut; all on a phone."""
    query = urlencode({"tag": wild, "source": f"i{EVIL}", "target": "owild"})
    phone = {"width": 390, "height": 844}
    page = look(f"dataflow?{query}", color_scheme=scheme, viewport=phone)
    page.wait_for_selector(".node.source")
    table = page.locator("#rows table").inner_text()
    assert "nan" in table
    assert EVIL in table
    assert len(page.content()) < 60_000
    page.locator(".node.transformation").click()
    assert EVIL in page.locator("#facts").inner_text()
    assert len(ask.rows(shown(page, "sql"))) == 2
    check_accessible(page)
    assert fits_its_width(page)
    text = VALUE.replace("'", "''")
    condition = urlencode({"selection": f"\"{EVIL}\" = '{text}'"})
    page.goto(f"{viewer.address('dataflow')}?{query}&{condition}")
    assert page.locator("#rows tbody tr").count() == 2
    assert len(ask.rows(shown(page, "sql"))) == 2


@pytest.mark.thorough
def test_a_csv_file_has_no_formulas(viewer: Viewer, wild: str) -> None:
    """Nor does its name come from elsewhere; values are whole."""
    query = urlencode({"tag": wild, "source": f"i{EVIL}", "target": "owild"})
    answer = viewer.ask(f"dataflow/rows.csv?{query}")
    csv.field_size_limit(1_000_000)
    _, first, second = csv.reader(io.StringIO(answer.text))
    assert first[1:] == ["nan", "'=1+1"]
    assert len(second[2]) == 500_000
    assert "<" not in answer.headers["content-disposition"]


def test_an_unknown_dataflow_is_said(viewer: Viewer) -> None:
    """In a page, with its name."""
    answer = viewer.ask("dataflow?tag=no-such-flow")
    assert answer.status == 404
    assert "no-such-flow" in answer.text


@pytest.mark.thorough
def test_a_dataflow_that_grows_while_it_is_shown(look: Callable[..., Any], tag: str) -> None:
    """The page says so, keeps what was chosen, and has the new transformation when it is asked."""
    flow = Dataflow(tag)
    output = Set("results", SetType.OUTPUT, [Attribute("value", AttributeType.NUMERIC)])
    flow.add_transformation(Transformation("first", [output]))
    flow.save()
    assert flush(30)
    page = look(f"dataflow?tag={tag}")
    page.wait_for_selector(".node")
    flow.add_transformation(Transformation("second"))
    flow.save()
    assert flush(30)
    page.get_by_role("link", name="Draw it again").click()
    page.locator(".node", has_text="second").wait_for()
    assert f"tag={tag}" in page.url

"""Questions to the service: dataflows as graphs, and path queries in two languages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from service.conftest import Stored
from service.running import Service, dataflow_message, service, task_message


@pytest.fixture
def trained(running: Service, tag: str, stored: Stored) -> int:
    """A training of two epochs, the second of loss NaN, and a test; the id of its dataflow."""
    running.dataflow(dataflow_message(tag))
    running.task(task_message(tag))
    losses = [{"tag": "otrainingmodel", "elements": [["0.5"], ["NaN"]]}]
    running.task(task_message(tag, sets=losses, status="FINISHED"))
    stored(f'SELECT id FROM "{tag}".otrainingmodel', 2)
    listed = {each["tag"]: each["id"] for each in running.ask("/api/dataflows/list").json}
    return int(listed[tag])


def test_a_dataflow_is_shown_as_nodes_and_edges(running: Service, tag: str, trained: int) -> None:
    """Transformations and sets with their attributes; what is read and written between them."""
    graph = running.ask(f"/api/dataflows/{trained}").json
    assert (graph["id"], graph["tag"]) == (trained, tag)
    assert [(node["kind"], node["tag"]) for node in graph["nodes"]] == [
        ("transformation", "trainingmodel"),
        ("transformation", "testingmodel"),
        ("set", "itrainingmodel"),
        ("set", "otrainingmodel"),
    ]
    assert graph["nodes"][2]["attributes"] == [
        {"name": "optimizer_name", "type": "TEXT"},
        {"name": "learning_rate", "type": "NUMERIC"},
    ]
    edges = sorted((edge["source"], edge["target"]) for edge in graph["edges"])
    assert edges == [
        ("set:itrainingmodel", "transformation:trainingmodel"),
        ("set:otrainingmodel", "transformation:testingmodel"),
        ("transformation:trainingmodel", "set:otrainingmodel"),
    ]
    assert running.ask("/api/dataflows/999999999").status == 404
    assert running.ask("/api/dataflows/first").status == 422


def test_a_dataflow_is_shown_as_dfanalyzers_page_reads_it(
    running: Service, tag: str, trained: int
) -> None:
    """Sets are joined by the transformation that reads one and writes the other."""
    shown = running.ask(f"/api/dataflows/{trained}").json
    read, written = shown["graph"]["nodes"]
    assert read == {
        "id": read["id"],
        "label": "itrainingmodel",
        "shape": "box",
        "title": "(optimizer_name,learning_rate)",
        "color": "#7BE141",
    }
    assert (written["label"], "color" in written) == ("otrainingmodel", False)
    assert shown["graph"]["edges"] == [
        {
            "from": read["id"],
            "to": written["id"],
            "arrows": "to",
            "label": "trainingmodel",
            "color": {"color": "black"},
        }
    ]
    assert shown["allAttrsMap"][str(read["id"])] == {
        "name": "itrainingmodel",
        "atts": [
            {"name": "optimizer_name", "type": "TEXT"},
            {"name": "learning_rate", "type": "NUMERIC"},
        ],
    }


def test_the_last_answer_is_saved_as_a_file(running: Service, tag: str, trained: int) -> None:
    """That of a question which was refused is not; each answer replaces the one before."""
    asked = b"source(itrainingmodel)\ntarget(otrainingmodel)\nprojection(otrainingmodel.loss)"
    answer = running.ask(f"/query_interface/{tag}/{trained}", asked)
    assert running.ask(f"/query_interface/{tag}/{trained}", b"source(nosuch)").status >= 400
    assert running.ask("/downloadCSV") == answer


def test_the_query_interface_answers_in_csv(running: Service, tag: str, trained: int) -> None:
    """DfAnalyzer's specification, with its separators and cases."""
    asked = (
        "mapping(physical)\nsource(iTrainingModel)\n\ntarget({oTrainingModel})\ninclude()\n"
        "projection(itrainingmodel.optimizer_name; oTrainingModel.LOSS)\n"
        "selection(optimizer_name = 'SGD'; learning_rate < 1 -- slow)\n"
    )
    answer = running.ask(f"/query_interface/{tag}/{trained}", asked.encode())
    assert answer.status == 200
    assert answer.text == (
        "itrainingmodel.optimizer_name,otrainingmodel.loss\r\nSGD,0.5\r\nSGD,NaN\r\n"
    )


def test_dfanalyzers_page_asks_with_a_form(running: Service, tag: str, trained: int) -> None:
    """Its field `message` holds the specification."""
    asked = "source(itrainingmodel)\ntarget(otrainingmodel)\nselection(loss < 1)"
    form = urlencode({"message": asked, "other": "x"}).encode()
    path = f"/query_interface/{tag}/{trained}"
    answer = running.ask(path, form)
    assert answer.status == 200
    assert answer.text == running.ask(path, asked.encode()).text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sauce(a)", "Expected one of mapping, source"),
        ("source(a", "Expected one of mapping, source"),
        ("source(itrainingmodel)\nsource(itrainingmodel)", "given twice"),
        ("source(itrainingmodel)", "at least one target set"),
        ("source(nosuch)\ntarget(otrainingmodel)", "no set 'nosuch'"),
        ("source(itrainingmodel)\ntarget(otrainingmodel)\nselection(1; DROP TABLE x)", "condition"),
        ("mapping(MENTAL)\nsource(itrainingmodel)\ntarget(otrainingmodel)", "'MENTAL'"),
        ("", "at least one source set"),
    ],
)
def test_a_specification_that_is_none_is_refused(
    running: Service, tag: str, trained: int, text: str, reason: str
) -> None:
    """The reason names what was received."""
    answer = running.ask(f"/query_interface/{tag}/{trained}", text.encode())
    assert answer.status in (404, 422)
    assert reason in answer.detail


def test_tag_and_id_name_the_same_dataflow(running: Service, tag: str, trained: int) -> None:
    """As both stand in the address."""
    asked = b"source(itrainingmodel)\ntarget(otrainingmodel)"
    assert running.ask(f"/query_interface/nosuch/{trained}", asked).status == 404
    assert running.ask(f"/query_interface/{tag}/{trained + 1}", asked).status == 404


def test_a_query_in_json_gives_rows_and_the_way(running: Service, tag: str, trained: int) -> None:
    """A NaN, which JSON has not, is a text."""
    asked: dict[str, Any] = {
        "dataflow": tag,
        "source": ["itrainingmodel"],
        "target": ["otrainingmodel"],
        "projection": ["optimizer_name", "loss"],
    }
    assert running.ask("/api/query", asked, Content_Type="application/json").json == {
        "columns": ["itrainingmodel.optimizer_name", "otrainingmodel.loss"],
        "rows": [["SGD", 0.5], ["SGD", "NaN"]],
        "sets": ["itrainingmodel", "otrainingmodel"],
        "transformations": ["trainingmodel"],
    }
    for change, status in (
        ({"selection": "loss IN (SELECT 1)"}, 422),
        ({"selection": "loss = 'much'"}, 422),
        ({"dataflow": "nosuch"}, 404),
        ({"nosuch": 1}, 422),
        ({"limit": -1}, 422),
    ):
        answer = running.ask("/api/query", {**asked, **change}, Content_Type="application/json")
        assert answer.status == status, answer


@pytest.mark.thorough
def test_with_the_store_away_messages_are_taken_and_questions_wait(tmp_path: Any, tag: str) -> None:
    """503 says that it may pass; the password of the store stands nowhere."""
    away = "monetdb://user:s3cr3t-word@127.0.0.1:9/nowhere"
    with service(KERAS_PROV_HOME=str(tmp_path), KERAS_PROV_STORE=away) as running:
        assert running.dataflow(dataflow_message(tag)).status == 200
        assert running.task(task_message(tag)).status == 200
        answer = running.ask("/api/dataflows/list")
        assert answer.status == 503
        assert "No MonetDB answers" in answer.detail
        assert "s3cr3t" not in answer.text + running.end()


def test_the_documentation_needs_no_other_host(running: Service) -> None:
    """Its page loads scripts and styles from the service alone."""
    page = running.ask("/docs").text
    assert running.ask("/").text == page
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) >= 2
    for address in loaded:
        assert address.startswith("/")
        assert running.ask(address.removesuffix("favicon.png") or "/docs").status in (200, 404)
    assert "'/openapi.json'" in page or '"/openapi.json"' in page

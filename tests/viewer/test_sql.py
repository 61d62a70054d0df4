"""The screen of SQL: statements and questions as the reader, within limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from viewer.looking import Viewer, check_accessible, fits_its_width
from viewer.trainings import trained

NUMBERS = (
    "WITH d AS (SELECT * FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS t(n)), "
    "numbers AS (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * e.n AS value "
    "FROM d a, d b, d c, d e) "
    "SELECT value, value * value AS square FROM numbers ORDER BY value LIMIT {}"
)


def sql_path(statement: str = "", path: str = "sql", **query: str) -> str:
    """The address of a statement."""
    return f"{path}?{urlencode({'statement': statement, **query})}"


def test_a_statement_shows_its_rows(look: Callable[..., Any], tag: str) -> None:
    """A statement over a dataflow's set shows a row for each epoch; its plot stays in a reload."""
    trained(tag)
    statement = "SELECT epoch_id, loss FROM otrainingmodel ORDER BY epoch_id"
    page = look(sql_path(statement, dataflow=tag))
    assert page.locator(".scroll tbody tr").count() == 3
    assert "3 rows" in page.locator("main").inner_text()
    page.get_by_label("Plot").select_option("loss")
    page.get_by_label("over").select_option("epoch_id")
    assert "y=loss" in page.url
    page.reload()
    page.wait_for_selector("#plot canvas")
    check_accessible(page)
    assert fits_its_width(page)


def test_only_selects_are_asked(viewer: Viewer) -> None:
    """What would write, or read a file of the server, is refused in a sentence."""
    for statement in (
        'DELETE FROM "public".metric_value',
        'SELECT 1; DROP TABLE "public".task',
        "WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a",
        "SELECT * FROM '/etc/passwd'",
        "SELECT '\\' FROM b",
    ):
        for path in ("sql", "sql/rows.csv", "sql/rows.json"):
            answer = viewer.ask(sql_path(statement, path))
            assert answer.status == 400, answer.text
            assert "here" in answer.text or "statement" in answer.text


def test_an_error_of_the_database_is_said_beside_the_statement(viewer: Viewer, tag: str) -> None:
    """A set that is looked for without its dataflow is explained, and the statement stays."""
    trained(tag)
    answer = viewer.ask(sql_path("SELECT * FROM otrainingmodel"), accept="text/html")
    assert answer.status == 400
    assert "no such table" in answer.text
    assert "--dataflow" in answer.text
    assert "SELECT * FROM otrainingmodel</textarea>" in answer.text


def test_an_unknown_dataflow_is_named(viewer: Viewer) -> None:
    """A dataflow that does not exist is said."""
    answer = viewer.ask(sql_path("SELECT 1", dataflow="nothing"))
    assert answer.status == 400
    assert "There is no dataflow &#39;nothing&#39;" in answer.text


def test_the_page_shows_the_first_rows_and_files_have_more(viewer: Viewer) -> None:
    """A page has 1,000 rows and says so; CSV and JSON have the others."""
    page = viewer.ask(sql_path(NUMBERS.format(1500)))
    assert page.text.count("<tr>") == 1001
    assert "1,000 rows, the first of more" in page.text
    csv = viewer.ask(sql_path(NUMBERS.format(1500), "sql/rows.csv"))
    assert csv.headers["content-disposition"].startswith('attachment; filename="rows.csv"')
    assert csv.text.splitlines()[:3] == ["value,square", "0,0", "1,1"]
    assert len(csv.text.splitlines()) == 1501
    rows = json.loads(viewer.ask(sql_path(NUMBERS.format(3), "sql/rows.json")).text)
    assert rows == [{"value": n, "square": n * n} for n in range(3)]


def test_parameters_are_bound(viewer: Viewer, tag: str) -> None:
    """A parameter without a value is asked for; with one, it is a value and never SQL."""
    statement = "SELECT 'a' || :x AS joined"
    assert "Give :x a value" in viewer.ask(sql_path(statement)).text
    answer = viewer.ask(sql_path(statement, "sql/rows.csv", **{":x": "'; DROP"}))
    assert answer.text == "joined\na'; DROP\n"


@pytest.mark.thorough
def test_an_installed_question_asks_about_the_newest_dataflow(viewer: Viewer, tag: str) -> None:
    """A question whose own dataflow does not exist here is asked about one that does."""
    trained(tag, 0.01)
    trained(tag, 0.02)
    answer = viewer.ask("sql?question=what_changed")
    assert answer.status == 200
    assert f'value="{tag}" selected' in answer.text
    assert "learning_rate" in answer.text.partition("<tbody>")[2]


def test_questions_are_saved_and_removed(viewer: Viewer) -> None:
    """A saved question is asked by its name, until it is removed; names are checked."""
    token = _post_token(viewer)
    data = {"name": "answer", "statement": "-- The answer\nSELECT 42 AS answer"}
    saved = viewer.ask("sql/questions", urlencode(data).encode(), x_csrf_token=token)
    assert "question=answer" in saved.text
    page = viewer.ask("sql?question=answer").text
    assert '<td class="number">42</td>' in page
    bad = urlencode({**data, "name": "../answer"}).encode()
    assert viewer.ask("sql/questions", bad, x_csrf_token=token).status == 400
    writes = urlencode({**data, "statement": "DROP TABLE x"}).encode()
    assert viewer.ask("sql/questions", writes, x_csrf_token=token).status == 400
    assert viewer.ask("sql/questions", urlencode(data).encode()).status == 403
    viewer.ask("sql/questions/remove", b"name=answer", x_csrf_token=token)
    assert "There is no question &#39;answer&#39;" in viewer.ask("sql?question=answer").text


@pytest.mark.thorough
def test_values_are_text(look: Callable[..., Any]) -> None:
    """HTML in names, values and the statement is shown as it is, and 5 MB are cut."""
    bad = "<img src=x onerror=alert(1)>"
    statement = f"SELECT '{bad}' AS \"{bad}\", 'x' || repeat('y', 5000000) AS long, '{{{{7*7}}}}'"
    page = look(sql_path(statement))
    assert page.locator(".scroll tbody td").all_inner_texts()[0] == bad
    assert page.locator("thead th").all_inner_texts()[0] == bad
    assert len(page.locator(".scroll tbody td").all_inner_texts()[1]) == 72
    page.locator(".scroll tbody td summary").click()
    assert page.locator(".scroll tbody td span").inner_text().endswith("The whole is in the CSV.")
    assert page.locator(".scroll tbody td").all_inner_texts()[2] == "{{7*7}}"
    assert len(page.content()) < 100_000


@pytest.mark.thorough
def test_numbers_that_are_none_leave_gaps(look: Callable[..., Any]) -> None:
    """NULL is empty, and a plot of columns with NULLs is drawn."""
    statement = "SELECT * FROM (VALUES (1, 2.5), (2, NULL), (3, 4.5)) AS t(a, b)"
    page = look(sql_path(statement, x="a", y="b", **{"as": "line"}))
    page.wait_for_selector("#plot canvas")
    assert page.locator(".scroll tbody td").all_inner_texts() == ["1", "2.5", "2", "", "3", "4.5"]


@pytest.mark.thorough
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_screen_is_readable(
    look: Callable[..., Any], tag: str, width: int, scheme: str
) -> None:
    """In both themes, and on a phone, nothing scrolls sideways and contrasts suffice."""
    trained(tag)
    page = look(
        "sql?question=what_changed", color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page.locator("summary", has_text="Tables").click()
    check_accessible(page)
    assert fits_its_width(page)


def _post_token(viewer: Viewer) -> str:
    return viewer.ask("sql").text.partition('"X-CSRF-Token": "')[2].partition('"')[0]

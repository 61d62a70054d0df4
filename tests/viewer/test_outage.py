"""A database that goes away while somebody looks, and comes back; and one that is empty."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.viewer.changes import Change, Changes
from dfanalyzer_client.viewer.database import Database
from viewer.line import Line
from viewer.looking import check_accessible, running_viewer
from viewer.trainings import trained

pytestmark = pytest.mark.thorough

TOKEN = "t" * 40


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A data folder of this test alone; its server is stopped at the end."""
    folder = tmp_path / "own"
    yield folder
    PrivateServer(folder).stop()


def test_open_pages_say_that_the_database_is_away_and_go_on_when_it_is_back(
    home: Path, browser: Any, tag: str
) -> None:
    """The list keeps what it shows, with a word; a page asked for meanwhile comes by itself."""
    trained(tag)
    url = PrivateServer(home).reader_url()
    line = Line(url.port)
    store = dataclasses.replace(url, port=line.port).reveal()
    with running_viewer(KERAS_PROV_STORE=store) as viewer:
        page = browser.new_page()
        page.goto(viewer.link)
        page.wait_for_selector("tbody tr")
        line.cut()
        page.wait_for_selector("#problem:not([hidden])")
        assert "does not answer" in page.inner_text("#problem")
        assert page.locator("tbody tr").count()
        asked = browser.new_page()
        asked.context.add_cookies(page.context.cookies())
        answer = asked.goto(viewer.address(f"./?dataflow={tag}"))
        assert answer.status == 503
        assert "tries again by itself" in asked.inner_text("main")
        check_accessible(asked)
        line.join()
        asked.wait_for_selector("tbody tr")
        page.wait_for_selector("#problem", state="hidden")
        page.close()
        asked.close()
    line.cut()


def test_a_viewer_that_ended_is_missed(browser: Any, tag: str) -> None:
    """An open page says that the viewer does not answer, and how to start it."""
    trained(tag)
    with running_viewer() as viewer:
        page = browser.new_page()
        page.goto(viewer.link)
        page.wait_for_selector("tbody tr")
    page.wait_for_selector("#problem:not([hidden])")
    assert "keras-prov view" in page.inner_text("#problem")
    page.close()


def test_a_viewer_that_was_started_anew_says_that_its_link_is_another_one(
    browser: Any, tag: str
) -> None:
    """Pages of the earlier viewer say to open the new link, and go on once somebody has."""
    trained(tag)
    with running_viewer() as viewer:
        context = browser.new_context()
        page = context.new_page()
        page.goto(viewer.link)
        page.wait_for_selector("tbody tr")
    page.wait_for_selector("#problem:has-text('Is `keras-prov view` still running?')")
    with running_viewer(port=viewer.port) as viewer:
        page.wait_for_selector("#problem:has-text('open that again')")
        context.new_page().goto(viewer.link)
        page.wait_for_selector("#problem", state="hidden")
        context.close()


def test_a_tab_that_cannot_be_read_is_not_called_the_open_one(browser: Any, tag: str) -> None:
    """Of an execution that has ended, a click while the viewer is away says so; later, it works."""
    trained(tag)
    with running_viewer(KERAS_PROV_TOKEN=TOKEN) as viewer:
        page = browser.new_page()
        page.goto(viewer.link)
        page.goto(viewer.address("execution?run=last"))
        page.wait_for_selector(".chart canvas")
    page.click("[data-tab=layers]")
    page.wait_for_selector("#problem:has-text('Is `keras-prov view` still running?')")
    assert page.inner_text(".tabs [aria-current]") == "Configuration"
    assert "tab=" not in page.url
    with running_viewer(port=viewer.port, KERAS_PROV_TOKEN=TOKEN):
        page.wait_for_selector("#problem", state="hidden")
        page.click("[data-tab=layers]")
        page.wait_for_selector("#tab h2:text-is('Layers')")
        assert page.inner_text(".tabs [aria-current]") == "Layers"
        page.close()


def test_an_empty_database_says_how_to_begin(own: Path, browser: Any) -> None:
    """Without any execution there is a page that says what to do; links of others say so, too."""
    with running_viewer(KERAS_PROV_HOME=str(own)) as viewer:
        page = browser.new_page()
        page.goto(viewer.link)
        page.wait_for_selector(".empty")
        assert "keras-prov run train.py" in page.inner_text("main")
        check_accessible(page)
        assert viewer.ask("execution").status == 404
        page.close()


@pytest.mark.thorough
def test_pages_are_read_again_where_no_mark_can_be_read(tmp_path: Path) -> None:
    """In a database without our tables, everything may have changed at each look."""
    server = PrivateServer(tmp_path)
    server.ensure()
    database = Database(None, tmp_path)

    async def looks() -> list[Change]:
        seen = []
        async for change in Changes(database).follow():
            seen.append(change)
            if len(seen) == 4:
                break
        return seen

    try:
        with ThreadPoolExecutor(1) as pool:  # Playwright's loop runs in this thread
            found = pool.submit(asyncio.run, asyncio.wait_for(looks(), 60)).result()
    finally:
        database.close()
        server.stop()
    assert [change.number for change in found] == [0, 1, 2, 3]
    assert {change.problem for change in found} == {None}

"""An error of ours in a page: what the page says, and what the terminal does."""

from __future__ import annotations

from typing import Any

import pytest

from viewer.looking import check_accessible, running_viewer
from viewer.trainings import trained

SECRET = "/a/secret/place"
FAULT = f"""
from dfanalyzer_client.viewer import changes
from dfanalyzer_client.viewer.screens import executions, one_execution

def broken(*_, **__):
    raise ZeroDivisionError("{SECRET}")
"""
IN_PAGES = f"{FAULT}one_execution.read_tab = broken"
IN_EVENTS = f"{FAULT}executions._changed_rows = lambda *_: broken"
IN_LOOKS = f"{FAULT}changes.all_marks = broken"


def test_a_page_that_fails_says_what_to_do_and_the_terminal_where(browser: Any, tag: str) -> None:
    """The page has no traceback, and the rest of the viewer; stderr has it once, with the page."""
    trained(tag, epochs=1)
    with running_viewer(program=IN_PAGES) as viewer:
        page = browser.new_page()
        page.goto(viewer.link)
        answer = page.goto(viewer.address("execution?run=last&tab=layers"))
        assert answer.status == 500
        said = page.inner_text("main")
        assert "report it with the traceback" in said
        assert SECRET not in page.content()
        assert "Traceback" not in page.content()
        check_accessible(page)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page.click("nav a:has-text('Executions')")
        page.wait_for_selector("tbody tr")
        part = viewer.ask("execution/tab?run=last", hx_request="true")
        assert (part.status, "<html" in part.text) == (500, False)
        assert viewer.token not in viewer.said.partition("Ctrl-C")[2]
        page.close()
    assert viewer.said.count("The viewer failed at GET /execution?run=last&tab=layers:") == 1
    assert viewer.said.count("Traceback") == 2
    assert viewer.said.count(f"ZeroDivisionError: {SECRET}") == 2


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("program", "logged"),
    [(IN_EVENTS, "The viewer failed at GET /executions/events"), (IN_LOOKS, "a look for changes")],
)
def test_events_that_fail_are_told_and_logged_once(
    browser: Any, tag: str, program: str, logged: str
) -> None:
    """An open page says so and keeps what it shows, however often something is stored meanwhile."""
    trained(tag, epochs=1)
    with running_viewer(program=program) as viewer:
        page = browser.new_page()
        page.goto(viewer.link)
        page.wait_for_selector("#problem:has-text('The viewer failed here')")
        trained(tag, epochs=1)
        assert page.is_visible("#problem:has-text('The viewer failed here')")
        assert page.locator("tbody tr").count()
        page.close()
    assert viewer.said.count(logged) == 1, viewer.said
    assert viewer.said.count("Traceback") == 1

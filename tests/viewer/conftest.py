"""The viewer in a process of its own, and a browser that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from viewer.looking import Viewer, running_viewer

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="session")
def viewer(home: Path) -> Iterator[Viewer]:
    """The viewer of this worker's database, as `keras-prov view` runs it."""
    with running_viewer() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium. It ends with the module: asyncio works in the tests of others."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def look(viewer: Viewer, browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a path of the viewer in a new page: `look("execution?run=last")`.

    At the end, no page may have said an error, run a script that was captured, or asked another
    host for something. Keyword arguments are those of a browser's context, such as `color_scheme`.
    """
    contexts, problems = [], list[str]()

    def opened(path: str = "./", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: _check_host(request.url, viewer, problems))
        page.goto(viewer.link)
        page.wait_for_selector("main")
        if path != "./":
            page.goto(viewer.address(path))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not [each for each in problems if "Failed to load resource" not in each]


def _check_host(url: str, viewer: Viewer, problems: list[str]) -> None:
    if not url.startswith((viewer.address(""), "data:", "blob:")):
        problems.append(f"a request to another host: {url}")


def _note_error(said: Any, problems: list[str]) -> None:
    if said.type == "error":
        problems.append(said.text)

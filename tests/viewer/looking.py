"""Start the viewer, ask it without a browser, and check a page for what is hard to see or reach."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

COMMAND = [sys.executable, "-m", "dfanalyzer_client.cli", "view", "--no-browser"]
AS_COMMAND = """
import sys
from dfanalyzer_client.cli import main
main(["view", "--no-browser", *sys.argv[1:]])
"""
AXE = Path(__file__).parent / "vendor/axe.min.js"


class Answer(NamedTuple):
    """What a request was answered with."""

    status: int
    text: str
    headers: Any


class Viewer:
    """A viewer that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.said = process, ""
        assert process.stderr is not None
        for line in process.stderr:
            self.said += line
            found = re.search(r"The viewer is at (http://[^ ]*?:(\d+)/(?:.*/)?)\?token=(\S+)", line)
            if found:
                break
        else:
            raise AssertionError(f"The viewer did not start:\n{self.said}")
        self.root, self.port, self.token = found[1], int(found[2]), found[3]
        self._rest = threading.Thread(target=self._listen, daemon=True)
        self._rest.start()

    @property
    def link(self) -> str:
        """What it has printed."""
        return f"{self.root}?token={self.token}"

    def address(self, path: str) -> str:
        """The address of a page."""
        return self.root + path.removeprefix("./")

    def ask(self, path: str = "", data: bytes | None = None, **headers: str) -> Answer:
        """One request; with the token, unless `authorization` is given."""
        request = urllib.request.Request(self.address(path), data)  # noqa: S310 (our own http)
        for name, value in {"authorization": f"Bearer {self.token}", **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own http)
                return Answer(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), error.headers)

    def end(self) -> None:
        """Tell it to end."""
        self.process.terminate()
        self.process.wait(30)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line


@contextlib.contextmanager
def running_viewer(
    *arguments: str, program: str = "", port: int = 0, **environment: str
) -> Iterator[Viewer]:
    """A viewer on a free port, unless one is given; it is ended in the end, where it has not been.

    With `program`, this Python runs before the command does.
    """
    command = [sys.executable, "-c", f"{program}\n{AS_COMMAND}"] if program else COMMAND
    process = subprocess.Popen(
        [*command, "--port", str(port), *arguments],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Viewer(process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def check_accessible(page: Any) -> None:
    """Fail if axe finds what WCAG 2.1 AA forbids."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
    )
    problems = [
        (each["id"], node["target"], node.get("failureSummary"))
        for each in found["violations"]
        for node in each["nodes"][:3]
    ]
    assert not problems, "\n".join(map(str, problems))


def fits_its_width(page: Any) -> bool:
    """Whether a page does not scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

"""`keras-prov view` in a process of its own, and another that listens as open pages do.

`python -m benchmarks.viewer_process LINK COUNT` keeps that many pages' events open until its input
is closed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

__all__ = ["ViewerProcess", "running", "watching"]

COMMAND = [sys.executable, "-m", "dfanalyzer_client.cli", "view", "--no-browser", "--port", "0"]
LINK = re.compile(r"(http://\S+/)\?token=(\S+)")
EVENTS = ("executions/events", "execution/events?run=last")
"""What open pages listen to."""

NEWEST = 'SELECT tag FROM "public".dataflow_execution ORDER BY id DESC LIMIT {}'


class ViewerProcess:
    """A running viewer.

    Attributes:
        link: opens it.
        token: what requests carry.
    """

    def __init__(self, link: str) -> None:
        found = LINK.search(link)
        if found is None:
            raise RuntimeError(f"The viewer printed no link: {link!r}")
        self.link, self._root, self.token = found[0], found[1], found[2]

    def address(self, path: str) -> str:
        """The address of a page."""
        return self._root + path.removeprefix("./")

    def read(self, path: str) -> bytes:
        """The answer to a request."""
        with self.open(path) as answer:
            content: bytes = answer.read()
            return content

    def open(self, path: str) -> contextlib.closing[urllib.request._UrlopenRet]:
        """An answer that is still to be read."""
        request = urllib.request.Request(self.address(path))  # noqa: S310 (our own http)
        request.add_header("Authorization", f"Bearer {self.token}")
        return contextlib.closing(urllib.request.urlopen(request))  # noqa: S310 (our own http)

    def newest(self, count: int) -> list[str]:
        """The tags of the newest executions."""
        query = urlencode({"statement": NEWEST.format(count)})
        return [row["tag"] for row in json.loads(self.read(f"sql/rows.json?{query}"))]


@contextlib.contextmanager
def running(home: Path) -> Iterator[ViewerProcess]:
    """The viewer of a data folder's private database."""
    environment = {**os.environ, "KERAS_PROV_HOME": str(home)}
    with subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield ViewerProcess(_pipe(process.stderr).readline())
        finally:
            process.terminate()


@contextlib.contextmanager
def watching(viewer: ViewerProcess, count: int) -> Iterator[None]:
    """As long as this lasts, `count` pages are open, in another process."""
    command = [sys.executable, "-m", __name__, viewer.link, str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        _pipe(process.stdout).readline()  # all are open
        try:
            yield
        finally:
            _pipe(process.stdin).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("The process was started without this pipe.")
    return pipe


def _watch(viewer: ViewerProcess, path: str, is_open: threading.Barrier) -> None:
    with viewer.open(path) as answer:
        is_open.wait()
        for _ in answer:
            pass


def _main(link: str, count: int) -> None:
    viewer, is_open = ViewerProcess(link), threading.Barrier(count + 1)
    for number in range(count):
        path = EVENTS[number % len(EVENTS)]
        threading.Thread(target=_watch, args=(viewer, path, is_open), daemon=True).start()
    is_open.wait()
    print("open", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))

"""The service in a process of its own, as `keras-prov serve` runs it, and requests to it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

COMMAND = [sys.executable, "-m", "dfanalyzer_client.cli", "serve"]


class Answer(NamedTuple):
    """What a request was answered with."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def detail(self) -> str:
        """Why it was refused."""
        return str(self.json["detail"])


class Service:
    """A service that runs, and what it has said on stderr."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.said = process, ""
        assert process.stderr is not None
        for line in process.stderr:
            self.said += line
            found = re.search(r"Serving on http://[^ ]*:(\d+);", line)
            if found:
                break
        else:
            raise AssertionError(f"The service did not start:\n{self.said}")
        self.port = int(found[1])
        self._rest = threading.Thread(target=self._listen, daemon=True)
        self._rest.start()

    def ask(
        self, path: str, body: Any = None, *, host: str = "127.0.0.1", **headers: str
    ) -> Answer:
        """POST `body`, as JSON where it is no bytes; GET without one."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{host}:{self.port}{path}", data)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own http)
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode())

    def dataflow(self, message: Any) -> Answer:
        return self.ask("/pde/dataflow/json", message)

    def task(self, message: Any) -> Answer:
        return self.ask("/pde/task/json", message)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> str:
        """Tell it to end, and what it said."""
        self.process.terminate()
        self.process.wait(30)
        self._rest.join()
        return self.said

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line


@contextlib.contextmanager
def service(*arguments: str, **environment: str) -> Iterator[Service]:
    """A service on a free port; it is ended in the end, where it has not been."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    running = None
    try:
        running = Service(process)
        yield running
    finally:
        if process.poll() is None and running is not None:
            running.end()
        process.kill()
        process.wait()


def dataflow_message(tag: str, exec_tag: str = "run") -> dict[str, Any]:
    """The dataflow that DfAnalyzer's documentation shows, under a tag of the test's own."""
    return {
        "tag": tag,
        "transformations": [
            {
                "tag": "trainingmodel",
                "sets": [
                    {
                        "tag": "itrainingmodel",
                        "type": "INPUT",
                        "attributes": [
                            {"name": "OPTIMIZER_NAME", "type": "TEXT"},
                            {"name": "LEARNING_RATE", "type": "NUMERIC"},
                        ],
                    },
                    {
                        "tag": "otrainingmodel",
                        "type": "OUTPUT",
                        "attributes": [{"name": "LOSS", "type": "NUMERIC"}],
                    },
                ],
            },
            {
                "tag": "testingmodel",
                "sets": [{"tag": "otrainingmodel", "type": "INPUT", "dependency": "trainingmodel"}],
            },
        ],
        "exec": exec_tag,
    }


def task_message(tag: str, *, exec_tag: str = "run", **more: Any) -> dict[str, Any]:
    """A task of it, likewise."""
    return {
        "first": "1",
        "exec": exec_tag,
        "id": "1",
        "dataflow": tag,
        "transformation": "trainingmodel",
        "status": "RUNNING",
        "sets": [{"tag": "itrainingmodel", "elements": [["SGD", "0.01"]]}],
        **more,
    }

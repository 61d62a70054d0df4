"""Executions are OpenLineage events, as its specification has them, in a file and on a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import pytest
from click.testing import CliRunner, Result
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.serde import Serde

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.cli import main
from dfanalyzer_client.config.author import Author
from dfanalyzer_client.executions.environment import Environment
from dfanalyzer_client.export.openlineage._facets import PRODUCER
from dfanalyzer_client.export.openlineage._job_facets import job_facets
from dfanalyzer_client.export.prov import Options
from dfanalyzer_client.support.digest import file_digest
from lineage_events.valid import checked_event
from small_models import data, small_model

EVENT: dict[str, Any] = {
    "eventTime": "2026-01-31T12:00:00Z",
    "producer": PRODUCER,
    "eventType": RunState.START,
    "run": Run("550e8400-e29b-41d4-a716-446655440000"),
}

KEYS = ("LEARNING_RATE", "NUM_EPOCHS", "DATASET", "ENVIRONMENT")


def command(*words: object) -> Result:
    """What `keras-prov` answers."""
    return CliRunner().invoke(main, [str(word) for word in words])


@dataclass
class Recorded:
    """A dataflow of three executions: one that finishes, a trial, and one that fails."""

    dataflow: str
    executions: list[str]
    model: Path


class Fails(keras.callbacks.Callback):  # type: ignore[misc]  # keras_prov is Keras
    """Ends a training with an error."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Raise it."""
        raise ValueError("no more")


@pytest.fixture(scope="module")
def recorded(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Recorded once for all tests of this module."""
    found = Recorded(
        f"lineage-{uuid.uuid4().hex[:8]}", [], tmp_path_factory.mktemp("models") / "model.keras"
    )
    x, y = data()
    model = _captured(found)
    model.fit(x, y, epochs=2, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.save(found.model)
    dfanalyzer_client.tag(found.executions[0], "stage", "candidate")
    with keras.trial("rates", 4, {"rate": 0.1}, framework="by hand") as trial:
        _captured(found).fit(x, np.full_like(y, np.nan), epochs=1, verbose=0)
        trial.report({"loss": 0.5})
    with pytest.raises(ValueError, match="no more"):
        _captured(found).fit(x, y, epochs=1, verbose=0, callbacks=[Fails()])
    dfanalyzer_client.shutdown()
    return found


def _captured(recorded: Recorded) -> Any:
    model = small_model()
    model.provenance(dataflow_tag=recorded.dataflow, hyps=dict.fromkeys(KEYS, True))
    recorded.executions.append(model.exec_tag)
    return model


def events(recorded: Recorded, number: int, tmp_path: Path) -> list[dict[str, Any]]:
    """The events of one of the executions, each of them valid."""
    path = tmp_path / "events.ndjson"
    words = ("export", recorded.executions[number], "--format", "openlineage", "-o", path)
    done = command(*words)
    assert done.exit_code == 0, done.output
    return [checked_event(line) for line in path.read_bytes().splitlines()]


def test_a_training_is_a_run(recorded: Recorded, tmp_path: Path) -> None:
    """It starts and completes when it did, with its data, its model, and what was measured."""
    begun, ended = events(recorded, 0, tmp_path)
    assert [begun["eventType"], ended["eventType"]] == ["START", "COMPLETE"]
    assert begun["eventTime"] < ended["eventTime"]
    assert begun["run"]["runId"] == ended["run"]["runId"]
    assert (ended["job"]["namespace"], ended["job"]["name"]) == ("keras-prov", recorded.dataflow)
    facets = ended["run"]["facets"]
    identifier = facets["kerasProv_execution"]["identifier"]
    assert UUID(ended["run"]["runId"]) == uuid5(NAMESPACE_URL, identifier)
    parameters = {
        each["key"]: each["value"] for each in facets["executionParameters"]["parameters"]
    }
    assert float(parameters["learning_rate"]) == pytest.approx(0.01)
    assert facets["processing_engine"]["name"] == "Keras"
    assert facets["kerasProv_environment"]["facts"]["python"]["version"]
    assert (facets["kerasProv_metrics"]["epochs"], facets["tags"]["tags"]) == (
        2,
        [{"key": "stage", "value": "candidate", "source": "USER"}],
    )
    assert facets["kerasProv_metrics"]["training"]["loss"] > 0
    assert facets["kerasProv_metrics"]["test"]["loss"] > 0
    data_ = {each["name"]: each for each in ended["inputs"]}
    x = data_[f"{recorded.dataflow}/training/x"]
    assert x["facets"]["version"]["datasetVersion"].startswith("sha256:")
    assert x["inputFacets"]["dataQualityMetrics"]["rowCount"] == 40
    (model,) = (each for each in ended["outputs"] if each["name"] == str(recorded.model))
    assert model["facets"]["datasetType"]["datasetType"] == "MODEL"
    _, digest = file_digest(recorded.model)
    assert model["facets"]["symlinks"]["identifiers"] == [
        {"namespace": "sha256", "name": digest, "type": "content"}
    ]
    assert "kerasProv_metrics" not in begun["run"]["facets"]
    assert begun["outputs"] == []


def test_the_prov_document_names_the_same_execution(recorded: Recorded, tmp_path: Path) -> None:
    """The run's identifier is the activity's in the PROV document."""
    _, ended = events(recorded, 0, tmp_path)
    identifier = ended["run"]["facets"]["kerasProv_execution"]["identifier"]
    document = command("export", recorded.executions[0], "--format", "turtle").output
    prefix, _, name = identifier.rpartition("/")
    assert f"<{prefix}/>" in document
    assert f":{name}" in document


def test_a_trial_has_its_search_as_parent(recorded: Recorded, tmp_path: Path) -> None:
    """All trials of a study have one parent run; NaN, which JSON lacks, is a text."""
    _, ended = events(recorded, 1, tmp_path)
    facets = ended["run"]["facets"]
    assert facets["parent"]["job"]["name"] == f"{recorded.dataflow}/rates"
    assert facets["kerasProv_trial"]["trial"] == "4"
    assert facets["kerasProv_trial"]["framework"] == "by hand"
    assert facets["kerasProv_trial"]["objectives"] == {"loss": 0.5}
    assert facets["kerasProv_metrics"]["training"]["loss"] == "NaN"


def test_a_failed_training_fails(recorded: Recorded, tmp_path: Path) -> None:
    """With the error as it was recorded."""
    _, ended = events(recorded, 2, tmp_path)
    assert ended["eventType"] == "FAIL"
    assert "no more" in ended["run"]["facets"]["errorMessage"]["message"]


def test_a_jobs_code_and_owner_are_named() -> None:
    """The commit, where the repository has a web page, and the author."""
    facts = {"commit": ["f" * 40], "remote": ["git@github.com:lab/nets.git"], "branch": ["main"]}
    record: Any = SimpleNamespace(transformations=["testingmodel"], association=None)
    options = Options(author=Author.parse("Ada Lovelace <ada@example.org>"))
    facets = job_facets(record, Environment({"git": facts}), options)
    found = Serde.to_dict(RunEvent(**EVENT, job=Job("lab", "nets", facets)))
    job = checked_event(json.dumps(found))["job"]["facets"]
    assert job["sourceCodeLocation"]["url"] == f"https://github.com/lab/nets/tree/{'f' * 40}"
    assert job["sourceCodeLocation"]["version"] == "f" * 40
    assert job["ownership"]["owners"] == [{"name": "user:Ada Lovelace", "type": "AUTHOR"}]
    assert job["jobType"]["jobType"] == "WORKFLOW"


@dataclass
class Received:
    """What a server got: paths, logins and bodies."""

    status: int = 201
    requests: list[tuple[str, str | None, str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Received]:
    """A server that takes events, or refuses them."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.requests.append((self.path, self.headers["Authorization"], body))
            self.send_response(received.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    received.url = f"http://127.0.0.1:{http.server_port}"
    yield received
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_server_gets_all_events_of_a_dataflow(
    recorded: Recorded, server: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the path that Marquez has, with the API key of the environment, which is not shown."""
    monkeypatch.setenv("KERAS_PROV_OPENLINEAGE_KEY", "very-secret")
    words = ("export", "--dataflow", recorded.dataflow, "--format", "openlineage")
    sent = command(*words, "--to", server.url, "--namespace", "lab")
    assert sent.exit_code == 0, sent.output
    assert f"Sent 6 events to {server.url}." in sent.output
    assert "very-secret" not in sent.output
    assert {request[:2] for request in server.requests} == {
        ("/api/v1/lineage", "Bearer very-secret")
    }
    received = [checked_event(body) for _, _, body in server.requests]
    assert {each["job"]["namespace"] for each in received} == {"lab"}
    assert [each["eventType"] for each in received] == ["START", "COMPLETE"] * 2 + ["START", "FAIL"]


def test_a_file_gets_more_events(recorded: Recorded, tmp_path: Path) -> None:
    """The client's file transport appends, so that a file collects executions."""
    path = tmp_path / "all.ndjson"
    for _ in range(2):
        words = ("export", recorded.executions[0], "--format", "openlineage")
        assert command(*words, "--to", path.as_uri()).exit_code == 0
    assert len([checked_event(line) for line in path.read_bytes().splitlines()]) == 4


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("ftp://marquez", "OpenLineage events are sent to"),
        ("http://me:secret@127.0.0.1:9", "may have no login"),
        ("file:///nowhere/at/all/events", "Failed to write"),
    ],
)
def test_what_takes_no_events_is_said(recorded: Recorded, url: str, said: str) -> None:
    """In one line, without a password."""
    words = ("export", recorded.executions[0], "--format", "openlineage", "--to", url)
    sent = command(*words)
    assert (sent.exit_code, said in sent.output) == (1, True), sent.output
    assert "secret" not in sent.output
    assert len(sent.output.splitlines()) == 1


def test_a_refusal_is_said(recorded: Recorded, server: Received) -> None:
    """As when the API key is missing."""
    server.status = 401
    words = ("export", recorded.executions[0], "--format", "openlineage", "--to", server.url)
    sent = command(*words)
    assert sent.exit_code == 1
    assert "does not take OpenLineage events: HTTP 401 Unauthorized" in sent.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "openlineage", "--to", "http://h", "-o", "x"], "leave out"),
        (["--format", "openlineage", "--to", "http://h", "--names", "prov"], "--names is for"),
        (["--format", "json", "--namespace", "x"], "--namespace is for --format openlineage"),
    ],
)
def test_a_wrong_call_is_said(words: list[str], said: str) -> None:
    """Options that contradict each other are exit code 2."""
    found = command("export", "last", *words)
    assert (found.exit_code, said in found.output) == (2, True), found.output


def test_what_the_clients_configuration_adds_is_left_out(
    recorded: Recorded, home: Path, tmp_path: Path
) -> None:
    """Variables of the client are of who exports: they neither add facets nor redirect."""
    words = [sys.executable, "-m", "dfanalyzer_client.cli", "export", recorded.executions[0]]
    environment = {
        **os.environ,
        "OPENLINEAGE_DISABLED": "true",
        "OPENLINEAGE_URL": "http://127.0.0.1:9",
        "KERAS_PROV_HOME": str(home),
    }
    path = tmp_path / "events"
    done = subprocess.run(
        [*words, "--format", "openlineage", "--to", path.as_uri()],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    begun, _ = [checked_event(line) for line in path.read_bytes().splitlines()]
    assert "environmentVariables" not in begun["run"]["facets"]


def test_a_missing_package_names_the_line(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the error is the pip command that installs it."""
    monkeypatch.setitem(sys.modules, "openlineage.client.serde", None)
    sent = command("export", recorded.executions[0], "--format", "openlineage")
    assert sent.exit_code == 1
    assert "[openlineage]'" in sent.output
    assert json.dumps(sent.exit_code) == "1"

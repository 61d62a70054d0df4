"""In a notebook, places and scripts are its file and its cells, whatever the kernel calls them."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy
import pytest

import keras_prov
from keras_prov._notebook import servers
from keras_prov._notebook.places import place
from keras_prov._notebook.progress import ProgressDisplay, progress_display
from keras_prov._notebook.progress_html import State, progress_html
from keras_prov._notebook.servers import notebook_of_servers
from tests.kernels import html_of, run_cells, text_of

TRAINS = """import keras_prov as keras, numpy
keras.capture("all")
x, y = numpy.ones((2, 2)), numpy.ones(2)
def train():
    layer = keras.layers.Dense(1, activation=lambda x: x)
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, y, verbose=0)
"""
SCRIPT = f"{TRAINS}train()\n"


def test_a_notebook_is_recorded_as_people_know_it(tmp_path: Path, ask: Any) -> None:
    """The dataflow, the layers' and optimizers' places, lambdas, and what was run; `%run` too."""
    (tmp_path / "made.py").write_text(SCRIPT)
    name = f"n{os.getpid()}"
    run_cells(
        tmp_path,
        [
            TRAINS,
            "train()",
            "%%time\nlayer = keras.layers.Dense(1)\n",
            "model = keras.Sequential([keras.Input((2,)), layer])\n"
            "model.compile('sgd', 'mse')\nmodel.fit(x, y, verbose=0)",
            "%run made.py 1",
            "keras.flush(30)",
        ],
        JPY_SESSION_NAME=f"/home/ada/{name}.ipynb",
    )

    notebook = f"{name}.ipynb"
    places = ask.set(name, "iLayers", "made_at")
    assert (f"{notebook}, In [1], line 5",) in places
    assert (f"{notebook}, In [3], line 2",) in places
    optimizers = ask.set(name, "iTrainingModel", "optimizer_place")
    assert optimizers[0] == (f"{notebook}, In [1], line 7",)
    details = json.dumps(ask.set(name, "iLayers"), default=str)
    assert "ipykernel" not in details
    process = dict(
        ask.rows(f"SELECT name, value FROM \"{name}\".ienvironment WHERE kind='process'")
    )
    assert process["notebook"] == f"/home/ada/{notebook}"
    assert process["command_line"] == process["cell"] == f"{notebook}, In [4]"
    ran = dict(ask.rows("SELECT name, value FROM \"made\".ienvironment WHERE kind = 'process'"))
    assert (ran["command_line"], ran["cell"]) == ("ipython made.py 1", f"{notebook}, In [5]")
    assert "notebook" not in ran


@pytest.mark.thorough
def test_a_notebook_that_nobody_names(tmp_path: Path) -> None:
    """As with nbclient: it is called `notebook`, and its cells are known all the same."""
    (cell,) = run_cells(
        tmp_path,
        [
            "from keras_prov._environment.collect import environment\n"
            "from keras_prov._capture.config import _script_name\n"
            "print(_script_name(), [row for row in environment() if row[1] == 'command_line'])"
        ],
    )
    assert text_of(cell).strip() == ("notebook [('process', 'command_line', 'notebook, In [1]')]")


def test_code_of_another_process_cell_is_of_a_notebook() -> None:
    """Here is no kernel, so that the number of the cell is not known; a file stays a file."""
    assert place("/tmp/ipykernel_31/2405.py", 3) == "notebook, line 3"
    assert place("<ipython-input-7-0a1b2c3d4e5f>", 3) == "notebook, In [7], line 3"
    assert place("/home/ada/train.py", 3) == "/home/ada/train.py:3"


class _Jupyter(BaseHTTPRequestHandler):
    """A server of Jupyter's that knows one kernel, and wants its token."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "token s3cret"
        sessions = [{"path": "a/train.ipynb", "name": "", "kernel": {"id": "42"}}]
        self.send_response(200 if known and self.path == "/api/sessions" else 403)
        self.end_headers()
        self.wfile.write(json.dumps(sessions if known else []).encode())

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of such a server."""
    running = HTTPServer(("127.0.0.1", 0), _Jupyter)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/"
    running.shutdown()
    thread.join()
    running.server_close()


def test_an_older_server_is_asked(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its token and for this kernel; one that has ended or is elsewhere is passed over."""
    arguments = ["python", "-m", "ipykernel_launcher", "-f", str(tmp_path / "kernel-42.json")]
    monkeypatch.setattr(sys, "orig_argv", arguments)
    running = {"pid": os.getpid(), "token": "s3cret", "root_dir": "/home/ada", "url": server}
    gone = {**running, "url": "http://127.0.0.1:1/"}
    elsewhere = {**running, "url": "http://192.0.2.1/"}
    assert notebook_of_servers() is None
    for number, said in enumerate([gone, elsewhere, running, [], {"pid": "x"}]):
        (tmp_path / f"jpserver-{number}.json").write_text(json.dumps(said))

    assert [url for url, *_ in servers._running(tmp_path)].count("http://192.0.2.1/") == 0
    assert notebook_of_servers() == "/home/ada/a/train.ipynb"

    monkeypatch.setattr(sys, "orig_argv", ["python", "-f", str(tmp_path / "kernel-43.json")])
    assert notebook_of_servers() is None


SHOWS = """import keras_prov as keras, numpy
keras.utils.set_random_seed(7)
x, y = numpy.ones((8, 2)), numpy.ones(8)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.1), "mse")
change = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 if epoch < 2 else 0.05)
"""
RED = "#d62728"
"""The bar of a training that has failed."""

FITS = """history = model.fit(x, y, epochs=4, verbose=0, callbacks=[change])
"""


def test_a_notebook_shows_the_progress_that_was_asked_for(tmp_path: Path, tag: str) -> None:
    """In one display, updated in place, with what was adapted; and it moves nothing."""
    asked = f"model.provenance({tag!r}, adaptation=True, progress=True)\n{FITS}"
    printing = "print(history.history['loss'], numpy.random.get_state()[1][:3])"
    plain, _, shown, same = run_cells(
        tmp_path, [f"{SHOWS}{FITS}{printing}", SHOWS, asked, printing]
    )

    (widget,) = html_of(shown)
    assert f"<b>{tag}</b> epoch 4 of 4, finished after" in widget
    assert "epoch 3: LearningRateScheduler, learning rate 0.1 → 0.05" in widget
    assert "<polyline" in widget
    assert text_of(shown) == ""
    assert text_of(same) == text_of(plain) != ""


@pytest.mark.thorough
def test_a_notebook_shows_who_has_steered_a_training(tmp_path: Path, tag: str) -> None:
    """What was changed and by whom, and who has stopped it, which is no failure."""
    asks = f"""class Asks(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            keras.flush()
            asked = {{"person": "Ada", "reason": "it rises"}}
            keras.steer(self.model.exec_tag, set={{"learning_rate": 0.01}}, **asked)
            keras.steer(self.model.exec_tag, stop=True, **asked)
model.provenance({tag!r}, steering=True, progress=True)
history = model.fit(x, y, epochs=10**6, verbose=0, callbacks=[Asks()])
"""
    (_, shown) = run_cells(tmp_path, [SHOWS, asks])
    (widget,) = html_of(shown)
    assert "steering, learning rate 0.1 → 0.01 (Ada)" in widget
    assert "steering: Ada: it rises after" in widget
    assert RED not in widget


@pytest.mark.thorough
def test_a_display_that_fails_is_no_failure_of_the_training(tmp_path: Path, tag: str) -> None:
    """The training goes on, and without a notebook nothing is shown at all."""
    breaks = (
        "import IPython.display\ndef fail(*_, **__): raise OSError('closed')\n"
        f"IPython.display.display = fail\nmodel.provenance({tag!r}, progress=True)\n"
    )
    (_, cell) = run_cells(
        tmp_path, [SHOWS, f"{breaks}{FITS}print(len(history.epoch))"], KERAS_PROV_STRICT="0"
    )
    assert text_of(cell) == "4\n"
    assert html_of(cell) == []


def test_progress_is_true_or_false(tag: str) -> None:
    """Else the call says so; and outside of a notebook nothing is shown."""
    with pytest.raises(TypeError, match="progress='yes'"):
        keras_prov.capture(dataflow_tag=tag, progress="yes")  # type: ignore[arg-type]
    assert progress_display("x", 3) is None


def test_a_long_training_is_a_small_picture() -> None:
    """Of thousands of epochs some hundred points are kept, and texts are escaped."""
    state = State("<b>", 5000, metrics={f"m{i}": 0.5 for i in range(300)})
    display = ProgressDisplay.__new__(ProgressDisplay)
    display._state, display._stride = state, 1
    for epoch in range(5000):
        display._add_point(epoch, {"loss": 1 / (epoch + 1), "val_loss": float("nan")})

    assert 100 < len(state.curves["loss"]) <= 400
    assert "val_loss" not in state.curves
    shown = progress_html(state)
    assert "&lt;b&gt;" in shown
    assert "and 292 more" in shown
    assert len(shown) < 10_000


def test_what_is_stored_of_a_run_is_shown_and_drawn(tag: str, home: Path) -> None:
    """Its parts unfold, and its curves have the change of the rate, from what to what."""
    pytest.importorskip("matplotlib")
    model = keras_prov.Sequential([keras_prov.Input((2,)), keras_prov.layers.Dense(1)])
    model.compile(keras_prov.optimizers.SGD(0.1), "mse")
    model.provenance(tag, adaptation=True, hyps={"LEARNING_RATE": True})
    change = keras_prov.callbacks.LearningRateScheduler(lambda epoch: 0.1 if epoch < 2 else 0.05)
    x = numpy.ones((8, 2))
    model.fit(x, x[:, 0], epochs=3, verbose=0, validation_split=0.5, callbacks=[change])
    keras_prov.flush(30)

    run = keras_prov.run(model.exec_tag, home=home)
    page = run._repr_html_()
    for part in ("Configuration (1)", "Metrics (3)", "Adaptations (1)"):
        assert f"<summary>{part}</summary>" in page
    (curves,) = keras_prov.curves(run, ["loss", "val_loss"], home=home).plot().axes
    assert [text.get_text() for text in curves.texts] == ["0.1 → 0.05"]
    rate, loss = run.plot().axes
    assert (rate.get_ylabel(), loss.get_ylabel()) == ("learning_rate", "loss")

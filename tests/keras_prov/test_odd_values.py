"""One odd value costs itself alone: all else of a training is recorded."""

from __future__ import annotations

import functools
import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import dfanalyzer_client
import keras_prov  # noqa: F401 (patches Keras)
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.cli import main
from dfanalyzer_client.declarations.names import checked_dataflow_tag, original_text
from keras_prov._capture.config import _script_name
from keras_prov._environment import packages
from keras_prov._inspection.describe import describe
from keras_prov._recording.rows import one_row

EVERYTHING = {"CALLBACKS": True, "LEARNING_RATE": True, "ENVIRONMENT": True, "DATASET": True}
BYTES_NAME = os.fsdecode(b"caf\xe9")


class Separator(keras.layers.Layer):
    """Keeps what no database holds."""

    def __init__(self, separator: str = "\0", **others: Any) -> None:
        super().__init__(**others)
        self.separator = separator

    def call(self, inputs: Any) -> Any:
        return inputs


class Login(keras.callbacks.Callback):
    """Has secrets, and fails with one."""

    def __init__(self, api_key: str, url: str, passphrase: str | None = None) -> None:
        super().__init__()
        self.api_key, self.url, self.passphrase = api_key, url, passphrase

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise RuntimeError(f"no login: {self.url} password='hunter2 b' \0 {'x' * 3_000_000}")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.filterwarnings("ignore")
def test_odd_texts_of_all_kinds(
    tag: str, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder's name, arguments, layers, columns, metrics, an error: the rest is stored."""
    folder = tmp_path / BYTES_NAME
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "orig_argv", ["python", "a.py", BYTES_NAME, "--dbpass", "hunter2"])
    names = ["% error", "m\0", "n" * 1100, "é" * 700, "\ufeffmark", "\x01", "loss_2"]
    model = keras.Sequential([keras.Input((2,)), Separator(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[keras.metrics.MeanAbsoluteError(name=n) for n in names])
    model.provenance(tag, hyps=EVERYTHING)
    odd = pd.Index(["\udce9t", "b"], dtype=object)  # no text of pyarrow's, which pandas prefers
    x = pd.DataFrame(np.ones((4, 2), "float32"), columns=odd)
    callbacks = [Login("hunter2", "postgres://u:hunter2@h/db", passphrase="hunter2")]
    with pytest.raises(RuntimeError):
        model.fit(x, np.ones(4), epochs=3, verbose=0, callbacks=callbacks)

    ((status, error),) = ask.rows(
        'SELECT t.status, t.error_msg FROM "public".task t JOIN "public".dataflow_execution e '
        "ON e.id = t.df_exec WHERE e.tag LIKE %s",
        f"{tag}-%",
    )
    assert status == "FAILED"
    assert error.startswith("RuntimeError: no login: postgres://…@h/db password=… \\x00 xxx")
    assert len(error) < 11_000
    assert "characters left out]" in error
    facts = dict(ask.set(tag, "iEnvironment", "name, value"))
    assert original_text(facts["working_directory"]) == str(folder)
    assert facts["command_line"].endswith(r"'caf\udce9' --dbpass …")
    assert "keras" in facts
    layers = ask.set(tag, "iLayers", "attribute_type, value")
    assert ("separator", "\\x00") in layers
    assert ask.set(tag, "iDataset", "spec")[0] == (r"\udce9t: float32, b: float32",)
    ((written,),) = ask.set(tag, "iTrainingModel", "callbacks")
    assert "hunter2" not in written
    assert json.loads(written) == ["Login(api_key=…, url='postgres://…@h/db', passphrase=…)"]
    kept = dict(ask.set(tag, "oMetricNames", "metric, attribute"))
    assert {original_text(name) for name in kept} == set(names) - {"loss_2"}
    assert kept["% error"] == "_% error"
    columns = ", ".join(f'"{each}"' for each in [*kept.values(), "loss_2"])
    rows = ask.set(tag, "oTrainingModel", columns)
    assert len(rows) == 2
    assert all(value is not None for row in rows for value in row)

    (shown,) = json.loads(run("runs", "--json", "--dataflow", tag))
    assert shown["metrics"]["% error"] == rows[1][list(kept).index("% error")]
    assert "hunter2" not in run("show", "--all", f"{tag}-")


def test_a_secret_stored_before_is_masked_in_what_is_exported(tag: str, tmp_path: Path) -> None:
    """PROV documents and crates of what an earlier version, or the user's own task, stored."""
    pytest.importorskip("rocrate")
    attributes = [Attribute(name, AttributeType.TEXT) for name in ("note", "api_token")]
    flow = Dataflow(tag, [Transformation("step", [Set("out", SetType.OUTPUT, attributes)])])
    with flow.task("step") as task:
        task.generated(note="=password='hunter2'", api_token="hunter2")
    assert dfanalyzer_client.flush(30)
    assert "hunter2" not in run("export", f"{tag}-")
    run("export", "--format", "ro-crate", "-o", str(tmp_path / "crate"), f"{tag}-")
    files = [each for each in (tmp_path / "crate").rglob("*") if each.is_file()]
    assert not [each for each in files if b"hunter2" in each.read_bytes()]
    assert (
        ",'=password=…,…\r\n" in (tmp_path / "crate" / "metrics" / "out.csv").read_bytes().decode()
    )


class Odd(types.ModuleType):
    """Says that it is a module, and nothing else, as cffi's libraries do."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_odd_modules_cost_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in sys.modules, and in sys.path."""
    lying = type("Lib", (), {"__slots__": (), "__class__": property(lambda _: types.ModuleType)})()
    unnamed = types.ModuleType("unnamed")
    unnamed.__name__, unnamed.__file__ = None, 3  # type: ignore[assignment]
    whole = packages.imported_packages()
    odd: dict[Any, Any] = {"odd": Odd("odd"), "lib": lying, "none": None, 5: lying, "u": unnamed}
    for name, module in odd.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys, "path", [*sys.path, None, 3, "\udce9"])
    assert packages.imported_packages() == whole


class Raising(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError


def test_a_value_that_raises_is_named_by_its_class() -> None:
    """Those beside it are there."""
    assert describe([1, Raising(a=1), "b"]) == '[1, "Raising", "b"]'


def test_arguments_that_are_secrets_are_masked_and_json_stays_json() -> None:
    """A closure's, a default, a partial's, a dictionary's; whatever quotes are in them."""

    def made(api_key: str) -> Any:
        def loss(y: Any, p: Any, passphrase: Any = ("hunt'er2",), gamma: float = 2.0) -> Any:
            return api_key

        return loss

    described = json.loads(describe([made('hunt"er2'), functools.partial(print, password="er2")]))
    assert described == ["loss(api_key=…, passphrase=…, gamma=2.0)", "print(password=…)"]
    assert json.loads(describe({"secret": ["er2"], "a": 1})) == {"secret": "…", "a": 1}


def test_a_value_of_another_kind_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text for a number, a number beyond all, an object whose text raises."""
    monkeypatch.delenv("KERAS_PROV_STRICT")
    text = type("Text", (), {"__str__": lambda _: 1 / 0})()
    values = {"A": "many", "B": 10**400, "C": text, "D": 3, "E": "t", "F": Path("/caf\udce9")}
    types_ = dict(zip(values, ["NUMERIC"] * 2 + ["TEXT"] + ["NUMERIC"] + ["TEXT"] * 2, strict=True))
    (row,) = one_row("iTrainingModel", values, types_).get_specification()["elements"]
    assert row == [None, None, None, 3, "t", r"/caf\udce9"]


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("/a/train.py", "train"),
        ("/a/json.py", "json_script"),
        (f"/a/{BYTES_NAME}.py", "caf"),
        ("/a/%x.py", "_%x"),
        (f"/{'é' * 700}.py", None),
        ("-c", "keras"),
    ],
)
def test_any_script_has_a_tag(script: str, named: str | None, monkeypatch: Any) -> None:
    """Its name, or one made of it."""
    monkeypatch.setattr(sys, "argv", [script])
    assert checked_dataflow_tag(_script_name()) == (named or _script_name())

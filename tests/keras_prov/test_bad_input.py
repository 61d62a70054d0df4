"""Bad input raises at the call that gave it, and nothing of ours reaches a training."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.private_server import PrivateServer
from keras_prov._capture.choice import checked_choice
from keras_prov._capture.keys import everything
from warm import warm_python

KEYS = keras.known_hyperparameters()
XY = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")


def model() -> Any:
    result = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    result.compile("sgd", "mse")
    return result


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"hyps": {"LERNING_RATE": True}}, ValueError, "Did you mean 'LEARNING_RATE'"),
        ({"hyps": {"learning_rate": True}}, ValueError, "Did you mean 'LEARNING_RATE'"),
        ({"hyps": {"MOMENTUM": 1}}, TypeError, "True or False"),
        ({"hyps": {"MOMENTUM": None}}, TypeError, "True or False"),
        ({"hyps": 3}, TypeError, "dictionary"),
        ({"hyps": [3]}, TypeError, "dictionary"),
        ({"hyps": ["MOMENTUMS"]}, ValueError, "Did you mean 'MOMENTUM'"),
        ({"hyps": {3: True}}, ValueError, "known_hyperparameters"),
        ({"adaptation": "yes"}, TypeError, "True or False"),
        ({"hyperparameters": ["DROP"]}, TypeError, "pairs"),
        ({"hyperparameters": [("DROP", "FLOAT")]}, ValueError, "NUMERIC, TEXT"),
        ({"hyperparameters": [("momentum", "NUMERIC")]}, ValueError, "taken"),
        ({"hyperparameters": [("id", "NUMERIC")]}, ValueError, "taken"),
        ({"values": {"DROP": 1}}, ValueError, "declare it"),
        ({"store": "localhost:50000"}, ValueError, "Expected monetdb://"),
        ({"store": "mysql://a:secret@b/c"}, ValueError, "unknown scheme"),
        ({"dataflow_tag": "sys"}, ValueError, "'sys'"),
        ({"dataflow_tag": ""}, ValueError, "empty"),
        ({"dataflow_tag": "x\0y"}, ValueError, "NUL"),
        ({"dataflow_tag": 3}, ValueError, "text"),
    ],
)
@pytest.mark.parametrize("call", ["provenance", "capture"])
def test_a_wrong_argument_says_how_to_fix_it(
    call: str, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    """provenance() and capture() check alike, and leave nothing captured when they raise."""
    arguments = {"dataflow_tag": "bad-input", **arguments}
    target = model()
    with pytest.raises(error, match=words) as caught:
        target.provenance(**arguments) if call == "provenance" else keras.capture(**arguments)
    assert "secret" not in str(caught.value)
    with pytest.raises(RuntimeError, match="no dataflow"):
        target.get_dataflow()


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ("all", everything()),
        (["MOMENTUM", "DECAY"], {"MOMENTUM": True, "DECAY": True}),
        (("all", "MODEL"), {**everything(), "MODEL": True}),
        (dict.fromkeys(KEYS, True), {key.key: True for key in KEYS}),
        (KEYS, {key.key: True for key in KEYS}),
        (dict.fromkeys(KEYS, False), {}),
        ([], {}),
        ("BATCH_METRICS=10,DECAY", {"BATCH_METRICS": 10, "DECAY": True}),
    ],
)
def test_keys_are_given_in_every_natural_way(given: Any, same: dict[str, Any]) -> None:
    """ "all", a list of keys, and the objects of known_hyperparameters() are what they say."""
    assert checked_choice(given) == checked_choice(same)


def test_a_variable_that_cannot_be_is_said_at_the_call(
    tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that is no number raises at provenance(), naming the variable."""
    monkeypatch.setenv("KERAS_PROV_SERVER_IDLE", "half an hour")
    with pytest.raises(dfanalyzer_client.DfAnalyzerError, match="KERAS_PROV_SERVER_IDLE"):
        model().provenance(tag)


def test_a_call_inside_fit_says_how_to_fix_it(tag: str) -> None:
    """provenance() and capture() during a fit raise and say when to call them."""
    target = model()
    caught: list[str] = []

    class Late(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            for call in (lambda: target.provenance(tag), lambda: keras.capture({}, tag)):
                with pytest.raises(RuntimeError) as error:
                    call()
                caught.append(str(error.value))

    target.fit(*XY, verbose=0, callbacks=[Late()])
    assert len(caught) == 2
    assert all("before fit()" in text for text in caught)


def test_a_call_after_an_uncaptured_fit_says_how_to_fix_it(tag: str) -> None:
    """provenance() after a fit that it would have missed raises instead of missing it quietly."""
    target = model()
    target.fit(*XY, verbose=0)
    with pytest.raises(RuntimeError, match=r"before the first fit\(\)"):
        target.provenance(tag)


def test_a_tag_of_300_characters_with_quotes_is_a_tag(ask: Any) -> None:
    """Quotes, percent signs, semicolons and 300 characters are stored as what they are."""
    tag = ('x"; DROP TABLE "public".task; -- it\'s 100% 😀\\n ' * 10)[:300]
    target = model()
    target.provenance(tag, hyps={"NUM_EPOCHS": True})
    history = target.fit(*XY, epochs=2, verbose=0).history
    target.evaluate(*XY, verbose=0)
    assert [loss for (loss,) in ask.set(tag, "oTrainingModel", "loss")] == history["loss"]
    assert ask.one('SELECT count(*) FROM "public".dataflow WHERE tag = %s', tag.lower()) == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


SCRIPT = """
import logging, sys
logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
import numpy as np
import keras_prov as keras
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.provenance(sys.argv[1], hyps={"NUM_EPOCHS": True})
history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=3, verbose=0).history
print(history["loss"])
"""


@pytest.mark.thorough
@pytest.mark.parametrize("fault", ["away", "password", "database", "private"])
def test_a_store_that_cannot_be_used_harms_nothing_and_loses_nothing(
    fault: str, tag: str, home: Path, tmp_path: Path, ask: Any
) -> None:
    """The training ends as ever, one clear message is logged, and `sync` stores it all later."""
    good = PrivateServer(home).ensure()
    bad = {
        "away": good.reveal().replace(f":{good.port}/", f":{free_port()}/"),
        "password": f"monetdb://monetdb:wrong@127.0.0.1:{good.port}/{good.database}",
        "database": f"monetdb://monetdb:{good.password}@127.0.0.1:{good.port}/nosuch",
        "private": "",
    }[fault]
    (tmp_path / "server").write_text("a file where the private server's folder would be")
    environment = {
        **dict(__import__("os").environ),
        "KERAS_PROV_HOME": str(tmp_path),
        "KERAS_PROV_STORE": bad,
        "KERAS_PROV_EXIT_FLUSH": "2",
    }
    done = subprocess.run(
        [*warm_python(), "-c", SCRIPT, tag],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(done.stdout)) == 3
    warnings = [line for line in done.stderr.splitlines() if line.startswith("WARNING ")]
    assert len(warnings) == 1, done.stderr
    assert {
        "away": "No MonetDB answers",
        "private": "server is no folder. Move it away.",
    }.get(fault, "refused the login") in warnings[0]
    assert "`keras-prov sync`" in done.stderr
    assert good.password not in done.stderr
    assert "wrong" not in done.stderr

    (journal,) = (tmp_path / "journals").glob("*.journal")
    text = journal.read_bytes()
    assert good.password.encode() not in text
    sync_elsewhere(journal, tmp_path, good)
    assert len(ask.set(tag, "oTrainingModel", "loss")) == 3


def sync_elsewhere(journal: Path, home: Path, good: Any) -> None:
    """Store a journal whose store never answered in the one that does."""
    from dfanalyzer_client.delivery.batches import store_batch
    from dfanalyzer_client.journal import DeadLetters, JournalReader
    from dfanalyzer_client.store import MonetDBStore

    store = MonetDBStore(lambda: good, readers=("keras_prov_reader",))
    records = list(JournalReader(journal))
    store_batch(store, records[0].message["journal"], records, DeadLetters.of_journal(journal))
    store.close()


def test_our_own_failure_is_logged_once_and_the_training_goes_on(
    tag: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ask: Any
) -> None:
    """Without strict mode an error of ours in every epoch is one log entry, and fit() returns."""
    from keras_prov._recording.training_task import TrainingTask

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("our mistake")

    monkeypatch.setenv("KERAS_PROV_STRICT", "0")
    monkeypatch.setattr(TrainingTask, "epoch", broken)
    target = model()
    target.provenance(tag)
    with caplog.at_level(logging.ERROR):
        history = target.fit(*XY, epochs=3, verbose=0)
    assert len(history.history["loss"]) == 3
    assert sum("our mistake" in (record.exc_text or "") for record in caplog.records) <= 1
    assert dfanalyzer_client.flush(10)

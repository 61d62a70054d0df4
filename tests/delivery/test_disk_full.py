"""A full disk: of the journal, in a real training; of the server, while it stores."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from delivery.speaker import Speaker, rows_of, stored, wait_for
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from warm import warm_python

pytestmark = pytest.mark.thorough

# Fills the journal's disk at one epoch, and makes room at another one if it is told to.
TRAINING = """
import contextlib, json, sys
from pathlib import Path
import keras_prov as keras
from small_models import data, small_model

tag, ballast, room = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

class Disk(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(256)):
                    pass
        if epoch == room:
            ballast.unlink()

model = small_model()
model.provenance(tag, hyps={"NUM_EPOCHS": True})
history = model.fit(*data(), epochs=8, verbose=0, callbacks=[Disk()])
print(json.dumps(history.history["loss"]))
"""


def train(disk: Path, store: str, tag: str, room: int) -> tuple[list[float], str]:
    """Losses of the training's epochs, and its complaints."""
    environment = {
        **os.environ,
        "KERAS_PROV_HOME": str(disk / "home"),
        "KERAS_PROV_STORE": store,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "KERAS_PROV_STRICT": "",
    }
    done = subprocess.run(
        [*warm_python(), "-c", TRAINING, tag, str(disk / "ballast"), str(room)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return json.loads(done.stdout), done.stderr


def stored_losses(server: PrivateServer, tag: str) -> list[float]:
    connection = Connection(server.ensure())
    try:
        rows = connection.query(f'SELECT loss FROM "{tag}".otrainingmodel ORDER BY epoch_id')
    finally:
        connection.close()
    return [loss for (loss,) in rows]


def test_a_training_goes_on_and_loses_nothing(
    small_disk: Path, elsewhere: PrivateServer, tag: str
) -> None:
    """What the full disk does not take is written once there is room; one warning says so."""
    losses, complaints = train(small_disk, elsewhere.ensure().reveal(), tag, room=5)
    assert complaints.count("waits in memory") == 1
    assert "can be written again" in complaints
    assert len(losses) == 8
    assert stored_losses(elsewhere, tag) == losses


def test_what_a_disk_never_takes_is_counted(
    small_disk: Path, elsewhere: PrivateServer, tag: str
) -> None:
    """With no room until the end the training ends as ever, and stderr says what is lost."""
    losses, complaints = train(small_disk, elsewhere.ensure().reveal(), tag, room=99)
    assert len(losses) == 8
    assert complaints.count("waits in memory") == 1
    assert "messages are lost: the journal" in complaints
    kept = stored_losses(elsewhere, tag)
    assert kept == losses[: len(kept)]
    assert 1 <= len(kept) < 8


def fill(disk: Path) -> Path:
    """Take all the room there is; the file that holds it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


@pytest.mark.parametrize("named", [True, False], ids=["named", "private"])
def test_a_server_without_room_is_waited_for(
    small_disk: Path, own: Path, tag: str, *, named: bool
) -> None:
    """A full disk ends MonetDB, or breaks its log until it is started again: nothing is lost.

    The private server is started again by us, the other one by who runs it.
    """
    subprocess.run(["mount", "-o", "remount,size=60m", str(small_disk)], check=True)
    folder = small_disk / "home" if named else own
    if not named:  # the journal has a disk of its own
        own.mkdir(mode=0o700)
        (small_disk / "server").mkdir(mode=0o700)
        (own / "server").symlink_to(small_disk / "server")
    server = PrivateServer(folder)
    store = {"KERAS_PROV_STORE": server.ensure().reveal()} if named else {}
    speaker = Speaker(own, tag, 1, 5000, "wait", "flush", **store)
    speaker.go(10)
    wait_for(folder, tag, range(1, 11))
    before = server.status().pid
    ballast = fill(small_disk)
    speaker.go(4980)
    if not named:
        while server.status().pid == before:  # until it was found broken
            pass
    ballast.unlink()
    if named:
        server.stop()
        server.ensure()
    speaker.go(10)
    printed, complaints = speaker.end()
    assert printed == "True\n", complaints
    assert stored(folder, tag) == rows_of(range(1, 5001))
    server.stop()

"""Trains in children of this process and kills each with SIGKILL at a random moment.

python nursery.py <dataflow tag> <number of children>; the first child is not killed. Each child
says on stdout what it did, as JSON: its number, epoch and loss, once the epoch's row is appended.
The moment is a little after a random epoch has begun, or before the first, however quick they are.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from typing import Any

import numpy as np

import keras_prov as keras

EPOCHS = 40
LATEST = 0.02
"""Seconds after an epoch has begun within which a child is killed: in that epoch or a later one."""


class Said(keras.callbacks.Callback):
    """Says each epoch when the next one begins: our row of it is appended by then."""

    def __init__(self, child: int, begun: int) -> None:
        super().__init__()
        self._child, self._begun, self._ended = child, begun, {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        os.write(self._begun, b".")
        if epoch:
            say(child=self._child, epoch=epoch - 1, **self._ended)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._ended = dict(logs)

    def on_train_end(self, logs: Any = None) -> None:
        say(child=self._child, epoch=EPOCHS - 1, **self._ended)


def train(child: int, tag: str, begun: int) -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    model.provenance(tag, hyps={"LEARNING_RATE": True, "NUM_EPOCHS": True})
    say(child=child, execution=model.get_dataflow().exec_tag)
    x = np.random.rand(640, 4).astype("float32")
    model.fit(x, x[:, :1], batch_size=32, epochs=EPOCHS, verbose=0, callbacks=[Said(child, begun)])


def say(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def kill_at_random(pid: int, begun: int) -> None:
    """Kill the child `pid`, which writes a byte to `begun` at each epoch, and wait for its end."""
    for _ in range(random.randrange(EPOCHS)):
        os.read(begun, 1)
    timer = threading.Timer(random.uniform(0, LATEST), os.kill, (pid, signal.SIGKILL))
    timer.start()
    os.waitpid(pid, 0)
    timer.cancel()


def main() -> None:
    tag, children = sys.argv[1], int(sys.argv[2])
    for child in range(children):
        begun, begins = os.pipe()
        pid = os.fork()
        if pid == 0:
            train(child, tag, begins)
            keras.flush(60)
            os._exit(0)
        os.close(begins)
        if child:
            kill_at_random(pid, begun)
        else:
            os.waitpid(pid, 0)
        os.close(begun)


if __name__ == "__main__":
    main()

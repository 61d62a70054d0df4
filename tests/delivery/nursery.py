"""Trains in children of this process and kills each with SIGKILL at a random moment.

python nursery.py <dataflow tag> <number of children>; the first child is not killed. Each child
says on stdout what it did, as JSON: its number, epoch and loss, once the epoch's row is appended.
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
SOONEST, LATEST = 0.2, 2.0
"""Seconds after which a child is killed: before its first epoch, or some way into the training."""


class Said(keras.callbacks.Callback):
    """Says each epoch when the next one begins: our row of it is appended by then."""

    def __init__(self, child: int) -> None:
        super().__init__()
        self._child, self._ended = child, {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch:
            say(child=self._child, epoch=epoch - 1, **self._ended)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._ended = dict(logs)

    def on_train_end(self, logs: Any = None) -> None:
        say(child=self._child, epoch=EPOCHS - 1, **self._ended)


def train(child: int, tag: str) -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    model.provenance(tag, hyps={"LEARNING_RATE": True, "NUM_EPOCHS": True})
    say(child=child, execution=model.get_dataflow().exec_tag)
    x = np.random.rand(640, 4).astype("float32")
    model.fit(x, x[:, :1], batch_size=32, epochs=EPOCHS, verbose=0, callbacks=[Said(child)])


def say(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def killed_at_random(pid: int) -> None:
    """Kill the child `pid` when its time is up, and wait for its end."""
    timer = threading.Timer(random.uniform(SOONEST, LATEST), os.kill, (pid, signal.SIGKILL))
    timer.start()
    os.waitpid(pid, 0)
    timer.cancel()


def main() -> None:
    tag, children = sys.argv[1], int(sys.argv[2])
    for child in range(children):
        pid = os.fork()
        if pid == 0:
            train(child, tag)
            keras.flush(60)
            os._exit(0)
        if child:
            killed_at_random(pid)
        else:
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()

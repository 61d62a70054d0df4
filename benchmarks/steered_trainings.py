"""Trainings with steps of 10 ms that somebody else steers, for `benchmarks.steering_latency`.

``python -m benchmarks.steered_trainings KIND TAG COUNT`` prints the tag of each execution once it
can be asked, and ends when all have been stopped.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
    flush,
)
from dfanalyzer_client.declarations.steering import SteeringInbox
from dfanalyzer_client.support.clock import utc_now

__all__ = ["Loop", "main", "train_keras"]

STEP_SECONDS = 0.01
STEPS_PER_EPOCH = 50


def main() -> None:
    """Train as the command line says."""
    kind, tag, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if kind == "keras":
        train_keras(tag)
        return
    loops = [Loop(f"{tag}-{number}") for number in range(count)]
    flush()
    threads = [threading.Thread(target=loop.train) for loop in loops]
    for thread, loop in zip(threads, loops, strict=True):
        thread.start()
        _say(loop.flow.exec_tag)
    for thread in threads:
        thread.join()


def train_keras(tag: str) -> None:
    """One training of Keras, whose callback makes each step take 10 ms."""
    import numpy as np

    import keras_prov as keras

    class Steps(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:  # the first one compiles
                keras.flush()
                _say(self.model.exec_tag)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            time.sleep(STEP_SECONDS)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.provenance(tag, steering=True, hyps={"LEARNING_RATE": True})
    x, y = np.ones((STEPS_PER_EPOCH, 4)), np.ones((STEPS_PER_EPOCH, 2))
    model.fit(x, y, batch_size=1, epochs=100_000, verbose=0, callbacks=[Steps()])


class Loop:
    """A loop of steps that writes epochs, and looks at its inbox between two steps.

    Args:
        tag: that of its dataflow.
    """

    def __init__(self, tag: str) -> None:
        columns = [Attribute(name, AttributeType.NUMERIC) for name in ("epoch_id", "loss")]
        self._out = Set("oTrainingModel", SetType.OUTPUT, columns)
        self.flow = Dataflow(tag, [Transformation("TrainingModel", [self._out])])
        self.flow.save()
        self._inbox = SteeringInbox(self.flow.tag, self.flow.exec_tag)
        self.flow.client.save_steering_offer(
            {
                "dataflow": self.flow.tag,
                "exec": self.flow.exec_tag,
                "actions": ["stop"],
                "offered": utc_now(),
            }
        )
        self.flow.client.watch_steering(self._inbox)
        self._running = self.flow.task("TrainingModel")
        self._task = self._running.__enter__()

    def train(self) -> None:
        """Train until a request comes, which is applied."""
        step = 0
        while not self._inbox.has_news:
            time.sleep(STEP_SECONDS)
            step += 1
            if step % STEPS_PER_EPOCH == 0:
                self._task.generated(self._out.tag, epoch_id=step // STEPS_PER_EPOCH, loss=1 / step)
        for request in self._inbox.take():
            self.flow.client.save_steering_outcome(
                {
                    "dataflow": self.flow.tag,
                    "exec": self.flow.exec_tag,
                    "request": request.id,
                    "state": "applied",
                    "decided": utc_now(),
                }
            )
        self.flow.client.unwatch_steering(self._inbox)
        self._running.__exit__(None, None, None)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""A sweep in worker processes: python sweep.py LIBRARY TAG; `capture()` stands at module level."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import keras_prov as keras

LIBRARY, TAG = sys.argv[1:]
keras.capture({"LEARNING_RATE": True}, dataflow_tag=TAG)


def train(number: int) -> float:
    x = np.ones((8, 2), "float32")
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1 * (number + 1)), "mse", run_eagerly=True)
    with keras.trial("rates", number, {"rate": 0.1 * (number + 1)}):
        history = model.fit(x, x[:, :1], epochs=2, verbose=0)
    return float(history.history["loss"][-1])


def joblib() -> list[Any]:
    from joblib.externals.loky import get_reusable_executor

    return list(get_reusable_executor(max_workers=1).map(train, range(2)))


def distributed() -> list[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        return client.gather([client.submit(train, number) for number in range(2)])


def ray() -> list[Any]:
    import ray as library

    library.init(num_cpus=1, include_dashboard=False, logging_level="ERROR")
    remote = library.remote(num_cpus=1)(train)
    losses = library.get([remote.remote(number) for number in range(2)])
    library.shutdown()
    return losses


if __name__ == "__main__":
    assert len(globals()[LIBRARY]()) == 2

"""A script that watches all state of its process which ours may not touch, while it captures.

``python process_state.py STORE``: STORE is a MonetDB that answers. The last line of its output is
JSON: for each situation what changed, what was drawn by threads of ours, and what a watcher saw.
"""

from __future__ import annotations

import json
import locale
import logging
import multiprocessing
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import keras_prov as keras
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.delivery.clients import client_for
from dfanalyzer_client.store import Connection
from store_conditions import REFUSED, forget_messages, hear_retries

FUNCTIONS = ("random", "uniform", "randint", "randrange", "choice", "getrandbits", "shuffle")
SETTING = ("seed", "setstate", "getstate")

drawn: list[str] = []


def calm_state() -> dict[str, Any]:
    """What no training of Keras' changes either."""
    return {
        "warnings": (id(warnings.filters), list(warnings.filters), id(warnings.showwarning)),
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109
        "signals": {each: signal.getsignal(each) for each in signal.valid_signals()},
        "streams": [id(getattr(sys, name)) for name in ("stdin", "stdout", "stderr")],
        "hooks": [id(sys.excepthook), id(threading.excepthook), id(sys.unraisablehook)],
        "root logger": (logging.root.level, list(logging.root.handlers)),
        "logging": logging.root.manager.disable,
        "socket timeout": socket.getdefaulttimeout(),
        "locale": locale.setlocale(locale.LC_ALL),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "switching": (sys.getswitchinterval(), sys.getrecursionlimit()),
        "temporary files": tempfile.tempdir,
        "mask": [
            line
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith("Umask")
        ],
    }


def random_state() -> dict[str, Any]:
    """Where the generators stand that a program draws from."""
    return {"random": random.getstate(), "numpy": repr(np.random.get_state())}


def levels() -> dict[str, Any]:
    """Levels, handlers and propagation of all loggers but ours."""
    return {
        name: (each.level, list(each.handlers), each.propagate)
        for name, each in logging.root.manager.loggerDict.items()
        if isinstance(each, logging.Logger) and not name.startswith(("keras_prov", "dfanalyzer"))
    }


def record_draws() -> None:
    """Note who of ours draws from, or sets, the global generators."""
    for module in (random, np.random):
        for name in (*FUNCTIONS, *SETTING, "get_state", "set_state"):
            if hasattr(module, name):
                setattr(module, name, noted(getattr(module, name), name))


def noted(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        thread = threading.current_thread().name
        callers = [each.filename for each in traceback.extract_stack(limit=4)[:-1]]
        if thread.startswith("keras-prov") or any("/keras_prov/_" in each for each in callers):
            drawn.append(f"{name} in {thread} by {callers[-1]}")
        return function(*args, **kwargs)

    return wrapper


class Watcher:
    """Looks again and again, from a thread of its own, as a user's thread would."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._stop = threading.Event()
        self._before = calm_state()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.0005):
            self.seen |= changes(self._before, calm_state())


def changes(before: dict[str, Any], now: dict[str, Any]) -> set[str]:
    return {
        f"{name}: {before.get(name)!r} became {each!r}"
        for name, each in now.items()
        if name in before and each != before[name]
    }


def model() -> Any:
    built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation=lambda x: x)])
    built.compile("sgd", "mse")
    return built


def fitted(tag: str, store: str, **hyps: Any) -> None:
    one = model()
    one.provenance(tag, hyps={"LEARNING_RATE": True, **hyps}, store=store)
    one.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
    one.evaluate(np.ones((8, 4)), np.ones((8, 1)), verbose=0)


def in_conflict(url: str) -> None:
    """Capture while another connection changes definitions."""
    other = Connection(StoreURL.parse(url))
    other.execute('UPDATE "public".definition_lock SET changes = changes + 1')
    retried("watched-conflict", url)
    other.rollback()
    other.close()


def retried(tag: str, url: str) -> None:
    """Capture, and wait until a thread of ours has tried in vain; the generators stand still."""
    tried_in_vain = hear_retries()
    fitted(tag, url)
    before = random_state()
    assert tried_in_vain.wait(60), "nothing failed"
    drawn.extend(changes(before, random_state()))


def refused() -> None:
    """Capture for a store that is not there."""
    retried("watched-refused", REFUSED)
    forget_messages(REFUSED)


def in_threads(url: str) -> None:
    """Capture all that can be captured in several threads at once."""
    everything = {each.key: True for each in keras.known_hyperparameters()}
    everything |= {"SYSTEM_METRICS": 0.01}
    barrier = threading.Barrier(3)

    def fit(number: int) -> None:
        barrier.wait()
        for turn in range(2):
            fitted(f"watched-{number}-{turn}", url, **everything)

    threads = [threading.Thread(target=fit, args=(number,)) for number in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert client_for(url).flush(60)  # not that of the store which is refused


def main(url: str) -> None:
    warm = model()
    warm.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)  # what Keras itself imports and sets
    record_draws()
    situations: dict[str, Callable[[], None]] = {
        "refused": refused,
        "threads": lambda: in_threads(url),
        "conflict": lambda: in_conflict(url),
    }
    found = {}
    for name, situation in situations.items():
        before, loggers = calm_state(), levels()
        with Watcher() as watcher:
            situation()
        found[name] = sorted(
            {*watcher.seen, *changes(before, calm_state()), *changes(loggers, levels()), *drawn}
        )
        drawn.clear()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

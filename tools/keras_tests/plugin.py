"""A pytest plugin, inside the processes that run Keras' tests.

It replaces Keras' ``conftest.py``, which is not in the wheel and which some tests import. It turns
capture on if that is asked for. It writes the outcomes of tests, and the failures that Keras-Prov
has logged, to files that `running` reads.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

with contextlib.suppress(ImportError):
    import torch  # noqa: F401  # before TensorFlow, as Keras' conftest does

import pytest

from tools.keras_tests.variables import ALL, CAPTURED, RESULTS

CLASSIC_HYPERPARAMETERS = (
    "OPTIMIZER_NAME",
    "LEARNING_RATE",
    "DECAY",
    "MOMENTUM",
    "NUM_EPOCHS",
    "BATCH_SIZE",
    "NUM_LAYERS",
)

if os.environ.get(CAPTURED):
    import keras_prov

    hyperparameters = dict.fromkeys(CLASSIC_HYPERPARAMETERS, True)
    if os.environ[CAPTURED] == ALL:
        from keras_prov._capture.keys import everything

        hyperparameters = everything()
    keras_prov.capture(hyperparameters, "keras-tests", adaptation=True)

from keras.src.backend import backend  # noqa: E402  # after keras_prov

sys.modules["conftest"] = sys.modules[__name__]


class FailureLog(logging.Handler):
    """Appends errors that Keras-Prov logs to a file that all processes share."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line: the running test, and what was logged."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        entry = {"test": test, "message": self.format(record)}
        with Path(os.environ[RESULTS], "failures.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


class Outcomes:
    """Collects the outcomes of tests, in the process that distributes them."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, str, str]] = []

    def add(self, node: str, outcome: str, reason: str) -> None:
        """Add one report; addresses in a test's name are left out."""
        name = re.sub(r"0x[0-9a-f]{6,}", "0x", node)
        self.reports.append((name, outcome, reason if outcome == "failed" else ""))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the report of a test's set-up, call or tear-down."""
        self.add(report.nodeid, report.outcome, report.longreprtext)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Add the report of a file that could not be collected, or is skipped as a whole."""
        if not report.passed:
            self.add(report.nodeid, report.outcome, report.longreprtext)

    def pytest_sessionfinish(self) -> None:
        """Write all reports to a file."""
        path = Path(os.environ[RESULTS], f"outcomes-{os.getpid()}.json")
        path.write_text(json.dumps(self.reports), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Register Keras' markers, and listen to outcomes and logs."""
    config.addinivalue_line("markers", "requires_trainable_backend: trainable backend only")
    config.addinivalue_line("markers", "multi_device: needs multiple devices")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes())
    for name in ("keras_prov", "dfanalyzer_client"):
        logging.getLogger(name).addHandler(FailureLog(logging.ERROR))


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Skip what Keras' conftest skips."""
    for item in items:
        if "requires_trainable_backend" in item.keywords:
            item.add_marker(pytest.mark.skipif(backend() in ("numpy", "openvino"), reason="numpy"))
        if "multi_device" in item.keywords and not _has_many_devices():
            item.add_marker(pytest.mark.skip(reason="Requires multiple devices"))


def pytest_unconfigure() -> None:
    """Wait until everything that was captured is stored."""
    if os.environ.get(CAPTURED) and not keras_prov.flush(timeout=300):
        logging.getLogger("keras_prov").error("Not everything that was captured could be stored.")


def skip_if_backend(given_backend: str, reason: str) -> Any:
    """A marker that Keras' tests import from their conftest."""
    return pytest.mark.skipif(backend() == given_backend, reason=reason)


def _has_many_devices() -> bool:
    if backend() != "jax":
        return False
    import jax

    return bool(jax.device_count() > 1)

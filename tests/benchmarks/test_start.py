"""The start and the end of a training's process are measured for each arm."""

from __future__ import annotations

import pytest

from benchmarks import start


@pytest.mark.thorough
def test_each_arm_is_measured_from_the_import_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import is a part of the start, plain Keras has none."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")  # it is imported sooner than TensorFlow
    found = start.measured(1)

    assert set(found) == set(start.ARMS)
    for arm, (moments,) in found.items():
        imported, started = moments.import_[0], moments.start[0]
        assert 0 <= imported <= started
        assert (imported < 0.001) == (arm == start.PLAIN)
        assert moments.end > 0

"""Means of groups and their intervals, computed in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PROGRAM = """async ([values, interval]) => {
    const { grouped } = await import(new URL("static/groups.js", location.href).href);
    const series = values.map((value, run) => (
        { run, training: 1, metric: "loss", epochs: [0], values: [value] }));
    const adaptations = [{ run: values.length - 1, epoch: 0 }];
    return grouped({ series, adaptations }, "units", values.map(() => "8"), interval);
}"""


@pytest.mark.thorough
def test_groups_have_the_mean_and_the_interval(look: Callable[..., Any]) -> None:
    """The mean leaves out what is no number; intervals are Student's t, s and the range."""
    page = look()

    def of(values: list[Any], interval: str) -> tuple[float, float | None, float | None]:
        found = page.evaluate(PROGRAM, [values, interval])
        (series,) = found["series"]
        assert found["runs"] == [{"execution": f"units 8 ({len(values)})"}]
        assert found["adaptations"] == [{"run": 0, "epoch": 0}]
        return series["values"][0], series["low"][0], series["high"][0]

    assert of([1, 2, 3, "nan"], "range") == (2, 1, 3)
    assert of([1, 2, 3, None], "deviation") == (2, 1, 3)
    mean, low, high = of([1, 2, 3], "mean")
    assert mean == 2
    assert low == pytest.approx(2 - 4.303 / 3**0.5)
    assert high == pytest.approx(2 + 4.303 / 3**0.5)
    assert of([1, 2], "mean") == (1.5, None, None)
    assert of(["nan"], "range") == (None, None, None)


LONG = """async (series) => {
    const { grouped } = await import(new URL("static/groups.js", location.href).href);
    const all = series.map(([epochs, values], run) => (
        { run, training: 1, metric: "loss", epochs, values }));
    const data = { series: all, adaptations: [], stretch: 4 };
    return grouped(data, "units", all.map(() => "8"), "range");
}"""


@pytest.mark.thorough
def test_groups_of_long_curves_are_means_at_the_points_of_all(look: Callable[..., Any]) -> None:
    """Curves that have points at other epochs each are means of lines, and end where they end."""
    found = look().evaluate(LONG, [[[0, 2, 8], [0, 2, 8]], [[0, 4, 6], [4, 0, 2]]])
    (series,) = found["series"]
    assert series["epochs"] == [0, 2, 4, 6, 8]
    assert series["values"] == [2, 2, 2, 4, 8]
    assert series["low"] == [0, 2, 0, 2, 8]

"""Pictures show what was asked for, and leave matplotlib as they found it."""

from __future__ import annotations

import random
import sys
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("matplotlib")

import matplotlib as mpl
from matplotlib.figure import Figure

from dfanalyzer_client.analysis import Comparison, Curves, Runs, RunSummary, Table
from dfanalyzer_client.analysis.plots import (
    plot_comparison,
    plot_curves,
    plot_importance,
    plot_run,
    plot_runs,
)
from dfanalyzer_client.analysis.plots.importance import importance

NONE = SimpleNamespace(columns=[], rows=[])


def runs(count: int) -> Any:
    """Runs whose loss goes with their rate, and not with their width."""
    chance = random.Random(3)
    return SimpleNamespace(
        summaries=[
            SimpleNamespace(
                id=n,
                execution=f"run-{n}",
                hyperparameters={
                    "rate": 10.0 ** -(n % 4),
                    "kind": "ab"[n % 2],
                    "width": chance.random(),
                    "same": 1,
                    "name": f"n{n}",
                },
                metrics={"loss": 10.0 ** -(n % 4) + n * 1e-6, "none": None},
            )
            for n in range(count)
        ]
    )


def curves(*metrics: str, count: int = 1, epochs: int = 5, changes: Any = NONE) -> Any:
    """Curves of some runs; the third point is not a number."""
    series = {
        (f"_run-{n}", 1, metric): [(e, float("nan") if e == 2 else 1.0) for e in range(epochs)]
        for n in range(count)
        for metric in metrics
    }
    return SimpleNamespace(series=series, adaptations=changes)


def png(figure: Any) -> bytes:
    """The picture, as a notebook shows it."""
    picture: bytes = figure._repr_png_()
    assert picture.startswith(b"\x89PNG")
    return picture


def legend_of(figure: Any) -> list[str]:
    """What the figure's legend names."""
    (legend,) = figure.legends
    return [text.get_text().lstrip("\u200b") for text in legend.get_texts()]


def test_validation_is_dashed_in_the_same_panel() -> None:
    """And each change of the rate is a line with its values, beside the run's name."""
    changes = SimpleNamespace(
        columns=["execution", "epoch", "before", "value", "cause"],
        rows=[("_run-0", 2, 0.1, 0.05, "x"), ("another", 3, 1.0, 2.0, "y")],
    )
    figure = plot_curves(curves("loss", "val_loss", "mae", changes=changes))

    loss, mae = figure.axes
    assert (loss.get_ylabel(), mae.get_ylabel()) == ("loss", "mae")
    assert [line.get_linestyle() for line in loss.lines] == ["-", "--", ":"]
    assert [text.get_text() for text in loss.texts] == ["0.1 → 0.05"]
    assert legend_of(figure) == ["_run-0", "validation", "learning rate changed"]
    png(figure)


def test_given_axes_are_drawn_into() -> None:
    """Also with a logarithmic axis; the figure stays the caller's."""
    mine = Figure()
    axes = mine.subplots()
    assert plot_curves(curves("loss"), ax=axes, log=True) is mine
    assert axes.get_yscale() == "log"
    assert plot_runs(runs(3), ax=mine.add_subplot()) is mine


def test_hundreds_of_metrics_and_runs_are_told_so() -> None:
    """Twelve panels are drawn, and no legend of a hundred names."""
    many = plot_curves(curves(*(f"m{n}" for n in range(300)), epochs=1))
    assert len(many.axes) == 12
    assert "288 more metrics" in many.axes[-1].texts[-1].get_text()

    hundred = plot_curves(curves("loss", count=100))
    assert legend_of(hundred) == ["100 trainings, from dark (first) to light (last)"]
    assert len(plot_curves(curves("a", "val_a", "b"), metrics=["a"]).axes) == 1


def test_the_legend_covers_no_curve() -> None:
    """It is below all panels, even with ten runs, and names each by the id that commands take."""
    rows = [(n, f"run-{n}", 1, "loss", e, 1.0 / (e + n)) for n in range(1, 11) for e in range(3)]
    figure = Curves(rows, Table([], [])).plot()
    png(figure)  # which lays it out
    (legend,), (panel,) = figure.legends, figure.axes
    assert legend.get_window_extent().y1 <= panel.get_tightbbox().y0
    assert legend_of(figure)[0] == "1: run-1"
    assert all(float(tick).is_integer() for tick in panel.get_xticks())


def test_a_panel_without_numbers_says_so() -> None:
    """Where a metric was NaN in all epochs, or has no logarithm; single curves are counted."""
    nan = float("nan")

    def drawn(*values: float, **options: Any) -> Any:
        rows = [(n, f"run-{n}", 1, "loss", e, v) for n, v in enumerate(values) for e in range(3)]
        return Curves(rows, Table([], [])).plot(**options).axes[0]

    assert [text.get_text() for text in drawn(nan, nan).texts] == ["no finite number"]
    assert [text.get_text() for text in drawn(-1.0, log=True).texts] == ["no number above 0"]
    some = drawn(nan, 1.0)
    assert [text.get_text() for text in some.texts] == [
        "left out, without a finite number: 1 of loss"
    ]
    assert len(some.lines) == 1


def test_runs_that_are_not_drawn_are_named() -> None:
    """Those without epochs by id, those whose last value is no number by how many they are."""
    rows = [(1, "one", 1, "loss", epoch, 1.0) for epoch in range(3)]
    found = Curves(rows, Table([], []), {"one": 1, "two": 2, "three": 3})
    (text,) = found.plot().axes[0].texts
    assert text.get_text() == "left out, without epochs of these metrics: 2, 3"

    some = runs(12)
    some.summaries[0].metrics["loss"] = float("nan")
    for kind in ("parallel", "importance"):
        texts = [text.get_text() for text in plot_runs(some, kind=kind).axes[0].texts]
        assert "left out, as their last loss is no number: 1 of 12 runs" in texts


def test_a_run_is_drawn_from_its_epochs() -> None:
    """Each column that has numbers is a curve."""
    epochs = SimpleNamespace(
        columns=["epoch", "loss", "val_loss", "note"],
        rows=[(0, 1.0, 2.0, "x"), (1, 0.5, None, "y")],
    )
    run = SimpleNamespace(execution="run", metrics=epochs, adaptations=NONE)
    (panel,) = plot_run(run).axes
    assert [list(line.get_xdata()) for line in panel.lines] == [[0, 1], [0]]


def test_parallel_coordinates_have_an_axis_for_what_differs() -> None:
    """And the metric as the last one; a line for each run."""
    figure = plot_runs(runs(6))
    (panel,) = figure.axes
    names = [tick.get_text() for tick in panel.get_xticklabels()]
    assert names == ["rate", "kind", "width", "name", "loss"]
    assert len(panel.lines) == 6 + len(names)
    png(figure)
    png(plot_comparison(SimpleNamespace(runs=runs(2), differing=["rate"]), names=["rate"]))


def test_importance_is_a_rank_correlation() -> None:
    """The rate decides, the width does not, and a name of each run's own tells nothing."""
    found = dict(importance(runs(24), "loss"))
    assert found["rate"] > 0.9
    assert found["width"] < 0.5
    assert set(found) == {"rate", "kind", "width"}
    png(plot_importance(runs(24)))


def test_what_cannot_be_drawn_is_said() -> None:
    """In one line, with what there is."""
    with pytest.raises(ValueError, match="no epoch is stored"):
        plot_curves(curves())
    with pytest.raises(ValueError, match=r"No curve of acc\. Expected one of: \['loss'\]"):
        plot_curves(curves("loss"), metrics=["acc"])
    with pytest.raises(ValueError, match=r"Two runs .* Received: 1"):
        plot_runs(runs(1))
    with pytest.raises(ValueError, match="No run has a value of 'acc'"):
        plot_runs(runs(3), metric="acc")
    with pytest.raises(ValueError, match="No hyperparameter 'drop'"):
        plot_runs(runs(3), names=["drop"])
    with pytest.raises(ValueError, match=r"needs 8 runs .* Received: 7"):
        plot_runs(runs(7), kind="importance")
    with pytest.raises(ValueError, match=r"Unknown kind 'pie'\. Expected one of: parallel, imp"):
        plot_runs(runs(7), kind="pie")


def test_results_draw_themselves() -> None:
    """With their own method, and none of their columns is lost on the way."""
    changes = Table(["execution", "epoch", "before", "value"], [("r", 1, 0.1, 0.01)])
    rows = [(1, "r", 1, "loss", epoch, 1.0 / (epoch + 1)) for epoch in range(3)]
    assert Curves(rows, changes).plot().axes[0].texts[0].get_text() == "0.1 → 0.01"

    found = Runs(
        [
            RunSummary(
                n,
                f"r{n}",
                "flow",
                "FINISHED",
                None,
                hyperparameters={"rate": 0.1**n},
                metrics={"loss": float(n)},
            )
            for n in range(9)
        ]
    )
    assert len(found.plot().axes[0].get_xticklabels()) == 2
    assert found.plot(kind="importance").axes[0].get_xlabel() == "rank correlation with loss"
    assert len(Comparison(found.summaries[:2]).plot().axes[0].lines) == 4
    assert "<td>r0</td>" in found._repr_html_()


def test_matplotlib_and_chance_are_left_alone() -> None:
    """No figure of pyplot's, no other backend or setting, and no random number is drawn."""
    before = dict(mpl.rcParams), random.getstate()
    png(plot_curves(curves("loss")))
    png(plot_importance(runs(10)))
    assert (dict(mpl.rcParams), random.getstate()) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_without_matplotlib_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is in the error's one line."""
    from dfanalyzer_client.analysis.plots.canvas import _figure_class

    _figure_class.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install '.*\[plot\]'"):
        plot_curves(curves("loss"))

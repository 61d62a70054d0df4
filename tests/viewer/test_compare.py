"""The screen that compares executions, on real trainings in a real browser."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.viewer.comparing.axes import axis_names
from dfanalyzer_client.viewer.comparing.compare_state import VIEWS
from small_models import data, small_model
from viewer.looking import Viewer, check_accessible, fits_its_width
from viewer.test_odd_contents import Logs, hostile_execution
from viewer.trainings import AtEachEpoch, trained

AXES = ("parallel", "scatter")
RATES = (0.001, 0.002, 0.01)


@pytest.fixture(scope="module")
def three(home: Path) -> list[str]:
    """Executions of three trainings with different learning rates; no test changes them."""
    tag = f"three-{uuid.uuid4().hex[:8]}"
    for rate in RATES:
        trained(tag, rate)
    return [run.execution for run in dfanalyzer_client.runs(dataflow=tag, order_by="id")]


def _compare(runs: list[str], **query: Any) -> str:
    return f"compare?{urlencode({'run': runs, **query}, doseq=True)}"


def _drawn(page: Any, text: str = "0.01") -> None:
    page.locator("#curves canvas").first.wait_for()
    page.get_by_text(text).first.wait_for()


def test_curves_lie_over_each_other(look: Callable[..., Any], three: list[str]) -> None:
    """A chart has all curves, named by what differs; that one is hidden is in the address."""
    page = look(_compare(three))
    page.locator("#curves canvas").first.wait_for()
    summary = page.locator("#curves figure").first.locator("p.hidden").text_content()
    for rate in RATES:
        assert f"learning_rate {rate}" in summary
    assert summary.count("val_loss") == 3
    page.locator("[data-shown='0']").uncheck()
    assert f"hide={three[0][:4]}" in page.url
    page.reload()
    page.locator("#curves canvas").first.wait_for()
    summary = page.locator("#curves figure").first.locator("p.hidden").text_content()
    assert f"learning_rate {RATES[0]}" not in summary
    check_accessible(page)
    assert fits_its_width(page)


@pytest.mark.thorough
def test_more_than_ten_executions_look_different(look: Callable[..., Any], tag: str) -> None:
    """The eleventh has another shade than the first; what its swatch shows is on the curve, too."""
    trained(tag, 0.01, epochs=2)
    for _ in range(11):
        trained(tag, 0.01, epochs=2)
    page = look(f"compare?dataflow={tag}")
    page.locator("#curves canvas").first.wait_for()
    looks = page.locator("#runs .swatch").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).backgroundColor)"
    )
    assert len(looks) == len(set(looks)) == 12


def test_many_points_are_thinned_out_and_the_page_says_so(
    look: Callable[..., Any], tag: str
) -> None:
    """Of a curve with very many epochs, a page has the lowest and highest of each stretch."""
    for number in (1, 2):
        flow = Dataflow(tag)
        flow.exec_tag = f"{tag}-{number}"
        training = Task(1, tag, flow.exec_tag, tags.TRAINING)
        declared = [Attribute(name, AttributeType.NUMERIC) for name in ("epoch_id", "loss")]
        output = Set(tags.TRAINING_OUTPUT, SetType.OUTPUT, declared)
        flow.add_transformation(Transformation(tags.TRAINING, [output]))
        flow.save()
        rows = [Element([float(epoch), 9.0 if epoch == 777 else 0.5]) for epoch in range(25_000)]
        training.add_dataset(DataSet(tags.TRAINING_OUTPUT, rows))
        training.save()
    assert keras.flush(60)
    page = look(f"compare?dataflow={tag}")
    page.locator("#thinned").get_by_text("the lowest and the highest of each 3 epochs").wait_for()
    summary = page.locator("#curves figure").first.locator("p.hidden").text_content()
    assert summary.count("highest 9.") == 2


@pytest.mark.thorough
@pytest.mark.parametrize("view", ["curves", "table", "parallel", "scatter", "importance"])
def test_all_views_can_be_reached_and_read(
    look: Callable[..., Any], three: list[str], view: str
) -> None:
    """Each view is accessible, dark and on a phone, and links to the others keep the state."""
    for options in ({"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}):
        page = look(_compare(three, view=view, baseline=three[1]), **options)
        if view in ("parallel", "scatter"):
            page.locator("[data-drawn]").wait_for()
        if view == "curves":
            page.locator("#curves canvas").first.wait_for()
        check_accessible(page)
        assert fits_its_width(page)
        assert page.locator("a[aria-current][data-view]").get_attribute("data-view") == (
            "" if view == "curves" else view
        )
        other = page.locator("a[data-view=table]").get_attribute("href")
        assert f"baseline={three[1][:4]}" in other


@pytest.mark.thorough
def test_groups_are_means(look: Callable[..., Any], tag: str) -> None:
    """Executions with the same value of a hyperparameter are one curve, with their number."""
    for rate in (0.01, 0.01, 0.01, 0.02):
        trained(tag, rate)
    page = look(f"compare?dataflow={tag}")
    page.locator("#curves canvas").first.wait_for()
    page.locator("#group").select_option("learning_rate")
    assert "group=learning_rate" in page.url
    summary = page.locator("#curves figure").first.locator("p.hidden").text_content()
    assert "learning_rate 0.01 (3) · loss: 3 epochs" in summary
    assert "learning_rate 0.02 (1) · loss: 3 epochs" in summary
    page.reload()
    page.get_by_text("learning_rate 0.02 (1)").first.wait_for()
    assert page.locator("#interval").input_value() == "mean"


@pytest.mark.thorough
def test_adaptations_stand_on_the_curves(look: Callable[..., Any], tag: str) -> None:
    """A mark says which execution changed what, from what to what, and who did."""
    for rate in (0.01, 0.02):
        model = small_model(optimizer=keras.optimizers.SGD(rate))
        model.provenance(dataflow_tag=tag, hyps={"LEARNING_RATE": True}, adaptation=True)
        halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / (1 + epoch // 2))
        model.fit(*data(), epochs=4, callbacks=[halve], verbose=0)
    keras.flush()
    page = look(f"compare?dataflow={tag}")
    mark = page.locator("#curves .adaptation .mark").first
    mark.wait_for()
    label = mark.get_attribute("aria-label")
    assert "learning_rate 0.0" in label
    assert "→" in label
    assert "LearningRateScheduler" in label


@pytest.mark.thorough
def test_ranges_are_in_the_address(look: Callable[..., Any], three: list[str]) -> None:
    """A range of an axis, dragged or written, keeps the executions in it; so does a reload."""
    page = look(_compare(three, view="parallel"))
    page.locator("[data-drawn]").wait_for()
    page.get_by_label("learning_rate to").fill("0.005")
    page.get_by_label("learning_rate to").press("Tab")
    page.get_by_text("2 of 3 executions are in the ranges.").wait_for()
    page.get_by_label("Logarithmic: learning_rate").check()
    page.get_by_label("Flipped: learning_rate").check()
    page.reload()
    page.get_by_text("2 of 3 executions are in the ranges.").wait_for()
    assert page.get_by_label("Logarithmic: learning_rate").is_checked()
    assert page.get_by_label("Flipped: learning_rate").is_checked()
    page.get_by_role("button", name="Clear the ranges").click()
    assert "brush" not in page.url
    box = page.locator("#parallel canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 52)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 150, steps=5)
    page.mouse.up()
    page.get_by_text("executions are in the ranges.").wait_for()
    assert "brush" in page.url


@pytest.mark.thorough
def test_the_table_measures_against_a_baseline(look: Callable[..., Any], three: list[str]) -> None:
    """What differs comes first, the baseline is the first column, and others say their distance."""
    page = look(_compare(three, view="table"))
    page.get_by_label("Make").last.click()
    assert page.locator("thead th.baseline a").get_attribute("title") == three[2]
    row = page.locator("tbody tr", has=page.get_by_role("rowheader", name="learning_rate"))
    assert row.locator("td").all_inner_texts() == ["0.01", "0.001 −0.009", "0.002 −0.008"]
    assert page.get_by_role("rowheader", name="num_epochs").count() == 0
    page.get_by_text("What is the same, too").click()
    assert page.get_by_role("rowheader", name="num_epochs").count() == 1


def test_importance_needs_executions(viewer: Viewer, three: list[str]) -> None:
    """Of three executions, importance would be chance: the page says how many it takes."""
    answer = viewer.ask(_compare(three, view="importance"))
    assert answer.status == 200
    assert "Importance needs 8 runs with a value of val_loss" in answer.text


@pytest.mark.thorough
def test_importance_is_shown(look: Callable[..., Any], tag: str) -> None:
    """Of enough executions, the hyperparameter that the metric goes with has a bar."""
    for number in range(8):
        trained(tag, 0.001 * (number + 1))
    page = look(f"compare?dataflow={tag}&view=importance")
    bar = page.get_by_role("progressbar", name="learning_rate")
    assert float(bar.get_attribute("value")) > 0.9
    check_accessible(page)


@pytest.mark.thorough
def test_new_points_arrive(look: Callable[..., Any], tag: str) -> None:
    """While one of the executions trains, its new epochs are drawn, and its status at the end."""
    trained(tag, 0.02)
    pages = []

    def check(epoch: int) -> None:
        if not pages:
            pages.append(look(f"compare?dataflow={tag}"))
        pages[0].wait_for_function(
            "count => [...document.querySelectorAll('#curves p.hidden')].some("
            "each => each.textContent.includes(`0.01 · loss: ${count} epochs`))",
            arg=epoch + 1,
        )

    trained(tag, 0.01, callbacks=[AtEachEpoch(check)])
    pages[0].wait_for_function("() => document.querySelectorAll('#runs .finished').length === 2")


@pytest.mark.thorough
def test_hostile_texts_stay_texts(look: Callable[..., Any], tag: str, tmp_path: Path) -> None:
    """Code in names, values, tags and notes is shown, and never runs, in all views and in diffs."""
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        dataflow = hostile_execution(tag, tmp_path / str(number))
    names = [run.execution for run in dfanalyzer_client.runs(dataflow=dataflow)]
    pages = [_compare(names, view=view, same="1", rows="all") for view in VIEWS]
    known = axis_names(dfanalyzer_client.compare(*names))
    hostile = [name for name in known if "<img" in name]
    pages += [_compare(names, view=view, axis=[*hostile, "epochs"]) for view in AXES]
    for path in (*pages, f"diff?{urlencode({'a': names[0], 'b': names[1], 'same': '1'})}"):
        page = look(path)
        page.wait_for_load_state("networkidle")
        for mark in page.locator("main [title]").all()[:10]:
            mark.hover(force=True)
        assert page.locator("main img, main script:not([type='application/json'])").count() == 0
        assert "<img src=x" in page.text_content("main")
        check_accessible(page)
    assert hostile


@pytest.mark.thorough
def test_odd_numbers_and_many_metrics_are_shown(look: Callable[..., Any], tag: str) -> None:
    """NaN is a gap, infinity no place on an axis, and of 300 metrics four are drawn at first."""
    many = {f"m{number:03}": float(number) for number in range(300)}
    for rate in (0.01, 0.02):
        bad = Logs(**many, bad=float("nan"), far=float("inf"))
        trained(tag, rate, callbacks=[bad])
    page = look(f"compare?dataflow={tag}&metric=bad&metric=loss")
    page.locator("#curves canvas").first.wait_for()
    assert "no numbers" in page.locator("figure[data-metric=bad] p.hidden").text_content()
    page = look(f"compare?dataflow={tag}")
    page.locator("#curves canvas").first.wait_for()
    page.locator("#curves figure").nth(3).wait_for()
    page.locator("#curves:not([aria-busy])").wait_for()
    assert page.locator("#curves figure").count() == 4
    page = look(f"compare?dataflow={tag}&view=parallel&axis=metrics.far&axis=metrics.loss")
    page.locator("[data-drawn]").wait_for()
    page = look(f"compare?dataflow={tag}&view=table&same=1")
    assert page.get_by_text("264 more").count() > 0


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("compare", 200, "Choose some in the"),
        ("compare?run=nobody", 404, "No execution &#39;nobody&#39;"),
        ("compare?where=1%20%3D%3D%3D", 400, "condition"),
        ("compare?dataflow=nobody", 404, "There is no dataflow"),
        ("compare?where=epochs%20%3E%201000000", 200, "No execution fulfils this"),
    ],
)
def test_errors_say_what_to_do(
    viewer: Viewer, three: list[str], path: str, status: int, text: str
) -> None:
    """Names that nobody has and conditions that nobody understands are explained."""
    answer = viewer.ask(path, accept="text/html")
    assert (answer.status, text in answer.text) == (status, True), answer.text


def test_axes_and_targets_must_exist(viewer: Viewer, three: list[str]) -> None:
    """An axis, a metric or a baseline that nobody has is named, with what helps."""
    for query, text in (
        ({"view": "parallel", "axis": "metrics.nobody"}, "None of these executions has"),
        ({"view": "scatter", "target": "nobody"}, "No run has a value of"),
        ({"view": "table", "baseline": "nobody"}, "is not among the executions"),
    ):
        answer = viewer.ask(_compare(three, **query), accept="text/html")
        assert answer.status == 404
        assert text in answer.text


def test_curves_are_data(viewer: Viewer, three: list[str]) -> None:
    """Only the metrics that are asked for are read, each with its validation."""
    answer = viewer.ask(_compare(three, metric="loss").replace("compare", "compare/curves"))
    found = json.loads(answer.text)
    assert {(each["run"], each["metric"]) for each in found["series"]} == {
        (run, metric) for run in range(3) for metric in ("loss", "val_loss")
    }

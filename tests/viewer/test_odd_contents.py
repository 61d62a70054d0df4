"""What is odd, large or hostile is shown as what it is."""

from __future__ import annotations

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
from dfanalyzer_client.viewer.one_run.tabs import TABS
from dfanalyzer_client.viewer.pages import middle
from small_models import data
from viewer.looking import Viewer, check_accessible, fits_its_width
from viewer.trainings import KEYS, trained

Look = Callable[..., Any]

HOSTILE = (
    "<img src=x onerror=alert(1)>\"><script>alert(2)</script>{{7919*7907}}' onmouseover='alert(3) "
    "javascript:alert(4)"
)


class Noted(keras.layers.Dense):  # type: ignore[misc]
    """A layer with an argument of its own."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "note": HOSTILE}


class Fails(keras.callbacks.Callback):  # type: ignore[misc]
    """Raises an error at the end of the first epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        raise RuntimeError(f"no more: {HOSTILE}")


class Logs(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds metrics to those of Keras."""

    def __init__(self, **values: float) -> None:
        super().__init__()
        self._values = values

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs.update({name: value * (epoch + 1) for name, value in self._values.items()})


def hostile_execution(tag: str, folder: Path) -> str:
    """An execution with hostile texts in all that can be chosen, and the tag of its dataflow."""
    dataflow = f"{HOSTILE}{tag}"
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), Noted(1)])
    model.compile("sgd", "mse")
    keys = {**KEYS, "ENVIRONMENT": True, "DATASET": True}
    model.provenance(
        dataflow_tag=dataflow,
        hyps=keys,
        hyperparameters={HOSTILE: "TEXT"},
        values={HOSTILE: HOSTILE},
    )
    model.fit(*data(), epochs=2, callbacks=[Logs(**{HOSTILE: 1.0})], verbose=0)
    model.save(folder / f"{HOSTILE.replace('/', '|')}.keras")
    with pytest.raises(RuntimeError, match="no more"):
        model.fit(*data(), epochs=1, callbacks=[Fails()], verbose=0)
    keras.flush()
    keras.tag("last", HOSTILE.replace("=", "-"), HOSTILE)
    keras.note("last", HOSTILE)
    keras.flush()
    return dataflow


@pytest.mark.thorough
def test_hostile_texts_stay_texts(look: Look, tag: str, tmp_path: Path) -> None:
    """Code in names, values, tags, notes and errors is shown, and never runs, on any screen."""
    hostile_execution(tag, tmp_path)
    page = look("./")
    page.wait_for_selector("tbody tr")
    assert "<img src=x" in page.locator("tbody tr").first.inner_text()
    page.locator("td.said button").first.click()
    page.wait_for_selector("dialog[open] textarea")
    assert HOSTILE in page.input_value("textarea[name=note]")
    for tab in TABS:
        page.goto(page.url.partition("?")[0].rpartition("/")[0] + f"/execution?run=last&tab={tab}")
        page.wait_for_selector(".chart canvas")
        assert HOSTILE[:40] in page.inner_text("main")
        assert str(7919 * 7907) not in page.inner_text("main")
        for mark in page.locator("main [title]").all()[:30]:
            mark.hover(force=True)
        assert not page.locator("main img").count()
        check_accessible(page)
        assert fits_its_width(page)


@pytest.mark.thorough
def test_nan_and_infinities_are_gaps_in_curves_and_texts_in_tables(look: Look, tag: str) -> None:
    """A metric that is no number has a chart that says so, and the others are drawn."""
    trained(tag, callbacks=[Logs(bad=float("nan"), far=float("inf"))])
    page = look("execution?run=last&log=1")
    page.wait_for_selector(".chart canvas")
    assert "bad: no numbers." in page.text_content(".chart[data-metric=bad] p.hidden")
    assert "far: no numbers." in page.text_content(".chart[data-metric=far] p.hidden")
    page = look(f"./?dataflow={tag}&columns=metrics.bad&columns=metrics.far")
    assert "nan" in page.inner_text("tbody")
    assert "inf" in page.inner_text("tbody")


@pytest.mark.thorough
def test_300_metrics_are_drawn_where_they_are_looked_at(look: Look, tag: str) -> None:
    """A dozen charts are shown at first, the others when they are chosen."""
    trained(tag, callbacks=[Logs(**{f"m{number:03}": float(number) for number in range(300)})])
    page = look("execution?run=last")
    page.wait_for_selector(".chart canvas")
    assert page.locator(".chart").count() == 12
    assert page.locator(".chart canvas").count() <= 12
    page.click("#controls summary")
    assert page.inner_text("#controls summary") == "Metrics (12 of 301)"
    page.check(".choices input[value=m299]")
    page.wait_for_selector(".chart[data-metric=m299]", state="attached")
    assert "metric=m299" in page.url
    assert fits_its_width(page)


@pytest.mark.thorough
def test_a_text_of_5_megabytes_is_cut_where_it_is_listed(
    look: Look, viewer: Viewer, tag: str
) -> None:
    """The list and the execution stay small; the editor has the whole note."""
    trained(tag)
    keras.note("last", "long " * 1_000_000)
    keras.flush()
    assert len(viewer.ask(f"?dataflow={tag}").text) < 100_000
    assert len(viewer.ask("execution?run=last").text) < 100_000
    page = look(f"./?dataflow={tag}")
    page.click("td.said button")
    page.wait_for_selector("dialog[open] textarea")
    assert len(page.input_value("textarea[name=note]")) > 4_900_000
    assert dfanalyzer_client.run("last").note


@pytest.mark.thorough
def test_an_execution_without_epochs_says_what_comes(look: Look, tag: str) -> None:
    """Before the first epoch there is a page, which says that curves will appear."""
    pages: list[Any] = []

    class Looks(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if pages:
                return
            keras.flush()
            pages.append(look("execution?run=last"))
            assert "No epoch is stored yet" in pages[0].inner_text("main")

    trained(tag, callbacks=[Looks()])
    pages[0].wait_for_selector(".chart canvas")
    assert pages[0].is_hidden("#no-curves")


@pytest.mark.thorough
def test_10000_layers_are_shown_in_parts(look: Look, tag: str) -> None:
    """The tab says how many there are, shows the first ones, and its SQL gives all."""
    dataflow = Dataflow(tag)
    columns = [Attribute(name, AttributeType.TEXT) for name in ("name", "attribute_type", "value")]
    kept = [Set("iLayers", SetType.INPUT, columns)]
    dataflow.add_transformation(Transformation("TrainingModel", kept))
    dataflow.save()
    task = Task(1, dataflow, dataflow.exec_tag, "TrainingModel")
    rows = [
        Element([f"block_{number // 100}/dense_{number}", "units", "3"]) for number in range(10_000)
    ]
    task.add_dataset(DataSet("iLayers", rows))
    task.begin()
    task.end()
    assert dfanalyzer_client.flush(60)
    page = look("execution?run=last&tab=layers")
    assert "10,000 layers" in page.inner_text("#tab")
    assert page.locator("#tab tbody tr").count() == 500
    assert "FROM" in page.text_content("#tab .sql pre")
    assert fits_its_width(page)


@pytest.mark.thorough
def test_long_names_leave_room_for_values(look: Look, viewer: Viewer, tag: str) -> None:
    """Beside a very long dataflow the filters stay in a line; on a phone, values are seen."""
    dataflow = f"{tag}{'-long' * 60}"
    name = "hyperparameter_" * 6
    for value in ("one", "two"):
        trained(dataflow, epochs=1, hyperparameters={name: "TEXT"}, values={name: value})
    page = look(f"./?dataflow={dataflow}")
    tops = page.locator(".filters label").evaluate_all(
        "all => all.map((label) => label.getBoundingClientRect().bottom)"
    )
    assert max(tops) - min(tops) < 12
    first, second = (run.execution for run in dfanalyzer_client.runs(dataflow=dataflow))
    diff = f"diff?{urlencode({'a': first, 'b': second})}"
    for path in ("execution?run=last", f"compare?dataflow={dataflow}&view=table", diff):
        phone = look(path, viewport={"width": 390, "height": 844})
        value = phone.locator("main tbody td").filter(has_text="two").first
        assert value.evaluate("cell => cell.getBoundingClientRect().left") < 240
        assert fits_its_width(phone)
        check_accessible(phone)


@pytest.mark.thorough
def test_signs_that_turn_texts_round_are_seen(look: Look, tag: str) -> None:
    """What scripts draw shows them as the tables do: in the legend, and in a chart's name."""
    trained(tag, callbacks=[Logs(**{"\u202enot": 1.0})])
    page = look("execution?run=last")
    page.wait_for_selector(".chart canvas")
    assert page.inner_text("figcaption >> nth=1") == "\\u202enot"
    assert "\\u202enot" in page.text_content("figure >> nth=1 >> p.hidden")
    assert "\u202e" not in page.inner_text("main")


def test_a_long_text_in_an_address_is_cut_in_the_error(viewer: Viewer) -> None:
    """A name of 9,000 characters that nothing has is quoted in part, and what helps is there."""
    answer = viewer.ask(f"execution?run={'9' * 9_000}", accept="text/html")
    assert answer.status == 404
    assert "9 … 9" in answer.text
    assert "lists them" in answer.text
    assert len(answer.text) < 6_000


def test_the_end_of_a_cut_arabic_name_stays_at_its_end() -> None:
    """Digits behind Arabic would be shown before it, so a mark that is not shown precedes them."""
    assert middle("تجربة-2026-11-28 05:16:59.1-1378c5d16f", 20) == "تجربة-202…\u200e1378c5d16f"
    assert middle("flow-2026-11-28 05:16:59.1-1378c5d16f", 20) == "flow-2026…1378c5d16f"


@pytest.mark.thorough
def test_an_execution_of_several_trainings_has_more_epochs_than_the_last_asked_for(
    look: Look, tag: str
) -> None:
    """After fits of three epochs and of one, there are 4 epochs, not 4 of 1."""
    model = trained(tag)
    model.fit(*data(), epochs=1, verbose=0)
    keras.flush()
    page = look("execution?run=last")
    assert page.inner_text("[data-fact=epochs]") == "4"
    page = look(f"./?dataflow={tag}")
    assert "4 of 1" not in page.inner_text("tbody")

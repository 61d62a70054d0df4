"""The screen of one execution, on real trainings in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import keras_prov as keras
from dfanalyzer_client.viewer.one_run.tabs import TABS
from small_models import data
from viewer.looking import check_accessible, fits_its_width
from viewer.test_odd_contents import Logs
from viewer.trainings import KEYS, AtEachEpoch, trained

Look = Callable[..., Any]
PHONE = {"width": 390, "height": 844}


def halving() -> Any:
    """Halves the learning rate at the second epoch."""
    return keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 2 if epoch == 1 else rate
    )


def test_an_adaptation_stands_on_the_curve(look: Look, tag: str) -> None:
    """The mark on the loss says from what to what the rate was changed, when, and who did it."""
    trained(tag, 0.02, callbacks=[halving()])
    page = look("execution?run=last")
    mark = page.locator(".chart[data-metric=loss] .adaptation")
    mark.wait_for(state="attached")
    assert mark.count() == 1
    label = mark.locator("button").get_attribute("aria-label")
    assert label.startswith("Epoch 1: learning_rate 0.02 → 0.01, by LearningRateScheduler")
    mark.locator("button").focus()
    assert mark.locator(".what").is_visible()
    assert mark.locator(".label").inner_text() == "0.02 → 0.01"
    check_accessible(page)


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_each_tab_can_be_read(look: Look, tag: str, scheme: str) -> None:
    """With everything captured, each tab has rows, its SQL, and nothing that axe finds."""
    keys = ["LEARNING_RATE", "NUM_EPOCHS", "DATASET", "ENVIRONMENT", "SYSTEM_METRICS"]
    model = trained(tag, callbacks=[halving()], hyps=dict.fromkeys(keys, True))
    model.evaluate(*data(), verbose=0)
    keras.flush()
    page = look("execution?run=last", color_scheme=scheme)
    for tab in TABS.values():
        page.click(f"[data-tab={tab.name}]")
        page.wait_for_selector(f"#tab h2:text-is('{tab.title}')")
        if tab.name not in ("sets", "files", "tasks", "steering", "continuation"):
            assert not page.locator("#tab .empty").count(), tab.name
            assert page.locator("#tab .sql pre").count(), tab.name
        check_accessible(page)
        assert fits_its_width(page)
    page.goto(page.url.partition("?")[0] + "?run=last&tab=layers")
    assert "2 layers, 19 parameters." in page.inner_text("#tab")
    first = page.locator("#tab tbody tr").first.inner_text()
    assert "\t15\t" in first
    assert "units=3" in first


@pytest.mark.thorough
def test_tabs_change_without_a_new_page_and_are_in_the_address(look: Look, tag: str) -> None:
    """A tab is loaded below the curves, which stay; the address shows the same tab again."""
    trained(tag)
    page = look("execution?run=last")
    page.wait_for_selector(".chart canvas")
    page.evaluate("window.samePage = true")
    page.click("[data-tab=layers]")
    page.wait_for_selector("#tab h2:text('Layers')")
    assert page.evaluate("window.samePage")
    assert "tab=layers" in page.url
    page.reload()
    assert page.inner_text("#tab h2") == "Layers"


@pytest.mark.thorough
def test_controls_of_curves_are_in_the_address(look: Look, tag: str) -> None:
    """Log axis, smoothing, time and metrics come back with the address."""
    trained(tag)
    page = look("execution?run=last")
    page.wait_for_selector(".chart canvas")
    page.check("#controls input[type=checkbox] >> nth=0")
    page.fill("#controls input[type=range]", "0.5")
    page.select_option("#controls select", "time")
    for part in ("log=1", "smooth=0.5", "x=time"):
        assert part in page.url
    page.reload()
    page.wait_for_selector(".chart canvas")
    assert page.is_checked("#controls input[type=checkbox] >> nth=0")
    assert page.input_value("#controls select") == "time"
    assert "seconds" in page.inner_text(".chart .u-legend")


@pytest.mark.thorough
def test_curves_grow_while_it_trains(look: Look, tag: str) -> None:
    """A page that was opened before the first epoch shows each epoch and the end by itself."""
    pages: list[Any] = []

    def check(epoch: int) -> None:
        if not pages:
            pages.append(look("execution?run=last"))
            pages[0].evaluate("window.samePage = true")
        pages[0].wait_for_function(
            "count => (document.querySelector('.chart[data-metric=loss] p.hidden')"
            "?.textContent ?? '').includes(`loss: ${count} epochs`)",
            arg=epoch + 1,
        )
        assert pages[0].inner_text("[data-fact=epochs]") == f"{epoch + 1} of 4"

    trained(tag, 0.02, epochs=4, callbacks=[halving(), AtEachEpoch(check)])
    (page,) = pages
    page.wait_for_selector("[data-fact=status]:text('FINISHED')")
    page.wait_for_selector(".chart[data-metric=loss] .adaptation", state="attached")
    assert page.evaluate("window.samePage")


def test_the_legend_is_reached_by_keys(look: Look, tag: str) -> None:
    """An entry of the legend is a button, which hides its curve and shows it again."""
    trained(tag)
    page = look("execution?run=last")
    entry = page.locator(".chart[data-metric=loss] .u-legend").get_by_role("button", name="loss")
    entry.first.focus()
    for pressed in ("false", "true"):
        page.keyboard.press("Enter")
        page.wait_for_selector(f".chart .u-label[aria-pressed={pressed}]:focus")
    check_accessible(page)


@pytest.mark.thorough
def test_what_differs_from_the_continued_execution_is_in_a_tab(look: Look, tag: str) -> None:
    """The tab has the new rate, the new layer and whose weights went over, and links to both."""
    stopped = trained(tag)
    deeper = keras.Sequential(
        [keras.Input((4,)), *(keras.layers.Dense(3) for _ in range(2)), keras.layers.Dense(1)]
    )
    deeper.compile(keras.optimizers.SGD(0.005), "mse")
    deeper.provenance(dataflow_tag=tag, hyps=KEYS)
    keras.continue_from(stopped, deeper, weights=True)
    deeper.fit(*data(), epochs=2, verbose=0)
    keras.flush()
    page = look("execution?run=last&tab=continuation")
    said = page.inner_text("#tab")
    assert f"It goes on from {stopped.exec_tag}." in said
    assert page.inner_text("[aria-label=Optimizer] tbody").split() == [
        "LEARNING_RATE",
        "0.01",
        "0.005",
    ]
    layers = page.inner_text("[aria-label=Layers] tbody")
    assert "taken over" in layers
    assert "+" in layers
    assert "icontinuation" in page.text_content("#tab .sql pre")
    check_accessible(page)
    page.click("#tab a:has-text('All that differs')")
    page.wait_for_selector(".diff")
    page.goto(page.url.partition("diff?")[0] + f"execution?run={stopped.exec_tag}&tab=continuation")
    assert "keras.continue_from" in page.inner_text("#tab .empty")


@pytest.mark.thorough
def test_a_phone_shows_one_chart_below_the_other(look: Look, tag: str) -> None:
    """On a phone, charts have the page's width, and nothing scrolls sideways."""
    trained(tag)
    page = look("execution?run=last", viewport=PHONE)
    page.wait_for_selector(".chart canvas")
    assert fits_its_width(page)
    check_accessible(page)


@pytest.mark.thorough
def test_an_unknown_execution_says_so(look: Look) -> None:
    """A name that no execution has is a page with one line that helps."""
    page = look("execution?run=no-such-run")
    assert "No execution 'no-such-run'" in page.inner_text("main")


@pytest.mark.thorough
def test_the_loss_is_the_first_chart(look: Look, tag: str) -> None:
    """It stands before metrics whose names come before its own."""
    trained(tag, callbacks=[Logs(accuracy=0.5)])
    page = look("execution?run=last")
    page.wait_for_selector("#curves canvas")
    names = page.locator("#curves figure").evaluate_all("all => all.map((x) => x.dataset.metric)")
    assert names[0] == "loss"
    assert "accuracy" in names

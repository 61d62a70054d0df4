"""`keras-prov view --export`: one HTML file that opens from the disk."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import keras_prov as keras
from dfanalyzer_client.viewer.exports.inlined import bundle
from dfanalyzer_client.viewer.exports.thinning import thinned
from small_models import data, small_model
from viewer.looking import check_accessible, fits_its_width
from viewer.trainings import trained

BAD = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'


@pytest.fixture
def open_file(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a file in a browser without a network; it asks for nothing else, and has no error."""
    contexts, problems = [], list[str]()

    def opened(path: Path, **options: Any) -> Any:
        context = browser.new_context(
            offline=True, **{"viewport": {"width": 1280, "height": 800}, **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text))
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        here = path.as_uri()
        page.on(
            "request",
            lambda request: None if request.url.startswith(here) else problems.append(request.url),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not problems


def test_an_execution_is_one_file(open_file: Callable[..., Any], tag: str, tmp_path: Path) -> None:
    """The file has the curves with the adaptation on them, and what was chosen."""
    _adapted(tag)
    page = open_file(exported(tmp_path, "last"))
    page.wait_for_selector(".chart canvas")
    page.wait_for_selector(".adaptation .mark", state="attached")
    assert "0.01 → 0.005" in page.locator(".adaptation .what").first.text_content()
    assert "learning_rate" in page.locator("details[open] tbody").first.inner_text()
    check_accessible(page)
    assert fits_its_width(page)


@pytest.mark.thorough
def test_several_executions_are_compared(
    open_file: Callable[..., Any], tag: str, tmp_path: Path
) -> None:
    """The file of two executions has a column for each, and says what differs."""
    trained(tag, 0.01)
    first = _last_name()
    trained(tag, 0.02)
    path = exported(tmp_path, first, "last")
    for options in (
        {},
        {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
    ):
        page = open_file(path, **options)
        page.wait_for_selector(".chart canvas")
        assert page.locator("thead").first.locator("th").count() == 3
        table = page.locator("table", has_text="hyperparameters.learning_rate").first.inner_text()
        assert "0.01" in table
        assert "0.02" in table
        check_accessible(page)
        assert fits_its_width(page)


RATES = (0.01, 0.01, 0.01, 0.02, 0.04)


@pytest.fixture(scope="module")
def five(home: Path) -> list[str]:
    """Names of five executions, three of which have the same learning rate."""
    names = []
    for rate in RATES:
        trained("exported-five", rate, epochs=2)
        names.append(_last_name())
    return names


@pytest.mark.thorough
def test_curves_of_a_file_are_grouped(
    open_file: Callable[..., Any], five: list[str], tmp_path: Path
) -> None:
    """A curve can be the mean of those with the same rate; a reload keeps the choice."""
    page = open_file(exported(tmp_path, *five[:4]))
    page.wait_for_selector(".chart canvas")
    assert not page.is_visible("#controls label:has-text('with')")
    page.select_option("#controls label:has-text('a curve for') select", "learning_rate")
    page.select_option("#controls label:has-text('with') select", "range")
    for _ in range(2):
        summary = page.text_content(".chart[data-metric=loss] p.hidden")
        assert "learning_rate 0.01 (3) · loss: 2 epochs" in summary
        assert "learning_rate 0.02 (1)" in summary
        assert page.is_hidden("#controls label:has-text('smoothing')")
        assert page.locator(".chart[data-metric=loss] .band-edge").count()
        check_accessible(page)
        page.goto(page.url)
        page.wait_for_selector(".chart canvas")
    assert not page.locator("#parallel").count()
    assert (tmp_path / "page.html").stat().st_size < 250_000


@pytest.mark.thorough
def test_five_executions_have_parallel_coordinates(
    open_file: Callable[..., Any], five: list[str], tmp_path: Path
) -> None:
    """Ranges of axes choose executions, axes are logarithmic, and there is no link to nowhere."""
    path = exported(tmp_path, *five)
    for options in ({}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}):
        page = open_file(path, **options)
        page.wait_for_selector("#parallel[data-drawn] canvas")
        page.fill("[aria-label='learning_rate from']", "0.015")
        page.press("[aria-label='learning_rate from']", "Tab")
        page.wait_for_selector("#kept:has-text('2 of 5 executions are in the ranges.')")
        page.check("[aria-label='Logarithmic: learning_rate']")
        page.goto(page.url)
        page.wait_for_selector("#kept:has-text('2 of 5 executions are in the ranges.')")
        assert page.is_checked("[aria-label='Logarithmic: learning_rate']")
        page.wait_for_selector("#parallel[data-drawn] canvas")
        assert not page.locator("main a").count()
        check_accessible(page)
        assert fits_its_width(page)
    assert path.stat().st_size < 1_500_000


@pytest.mark.thorough
def test_what_was_captured_is_text(open_file: Callable[..., Any], tag: str, tmp_path: Path) -> None:
    """HTML in a tag, a note, a layer's argument, a hyperparameter and a metric runs nowhere."""
    model = small_model(metrics=[keras.metrics.MeanAbsoluteError(name=BAD)])
    hyps = {"LEARNING_RATE": True, "NUM_EPOCHS": True}
    model.provenance(dataflow_tag=tag, hyps=hyps)
    model.fit(*data(), epochs=2, verbose=0)
    keras.tag("last", "owner", BAD)
    keras.note("last", BAD + "</script></textarea><!--")
    keras.flush()
    page = open_file(exported(tmp_path, "last"))
    page.wait_for_selector(".chart canvas")
    assert BAD in page.locator(".note").inner_text()
    assert page.locator("main img").count() == 0
    assert page.get_by_text("alert(1)").count() > 0


@pytest.mark.thorough
def test_the_command_says_what_is_missing(home: Path, tmp_path: Path) -> None:
    """A file without an execution is a wrong usage; an unknown execution is one line."""
    assert _command("--export", str(tmp_path / "a.html")).returncode == 2
    assert _command("last").returncode == 2
    found = _command("--export", str(tmp_path / "a.html"), "nothing-such")
    assert found.returncode == 1
    assert found.stderr.startswith("Error: ")
    assert found.stderr.count("\n") == 1
    assert not (tmp_path / "a.html").exists()


def test_modules_are_inlined_before_those_that_need_them() -> None:
    """The bundle has each module once, and no import that a file cannot follow."""
    text = bundle("exported.js")
    assert text.index('modules["viewer.js"] =') < text.index('modules["curves.js"] =')
    assert text.count('modules["viewer.js"] =') == 1
    assert "\nimport " not in text
    assert "\nexport " not in text


def test_thinned_curves_keep_their_extremes() -> None:
    """A spike and a dip in 10,000 points are among the 100 that stay; NaN is no extreme."""
    values: list[Any] = [1.0] * 10_000
    values[1234], values[7777], values[5000] = 9.0, -9.0, float("nan")
    series = [{"run": 0, "training": 1, "epochs": list(range(10_000)), "values": values}]
    times = [{"run": 0, "training": 1, "seconds": dict.fromkeys(range(10000), 0.5)}]
    curves = {"series": series, "times": times}
    counts = thinned(curves, 100)
    assert curves["stretch"] == 200
    assert list(times[0]["seconds"]) == series[0]["epochs"]
    (kept,) = curves["series"]
    assert counts == {"all": 10_000, "kept": len(kept["values"])}
    assert len(kept["values"]) <= 102
    assert {1234: 9.0, 7777: -9.0}.items() <= dict(
        zip(kept["epochs"], kept["values"], strict=True)
    ).items()
    assert kept["epochs"][0] == 0
    assert kept["epochs"][-1] == 9_999


def exported(folder: Path, *executions: str) -> Path:
    """The file that the command writes, which the umask lets others read."""
    path = folder / "page.html"
    found = _command("--export", str(path), *executions)
    assert found.returncode == 0, found.stderr
    mask = os.umask(0o022)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    return path


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dfanalyzer_client.cli", "view", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _adapted(tag: str) -> None:
    model = small_model(optimizer=keras.optimizers.SGD(0.01))
    model.provenance(dataflow_tag=tag, hyps={"LEARNING_RATE": True})
    halved = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 2 if epoch == 2 else rate
    )
    model.fit(*data(), epochs=4, callbacks=[halved], validation_split=0.25, verbose=0)
    keras.flush()


def _last_name() -> str:
    return str(keras.run("last").execution)

"""The screen of lineage, on real trainings in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import keras_prov as keras
from small_models import data, small_model
from viewer.looking import Viewer, check_accessible, fits_its_width, running_viewer
from viewer.trainings import trained as train

Look = Callable[..., Any]


class Trained(NamedTuple):
    """Two executions, the second of which went on from a model of the first."""

    folder: Path
    first: str
    second: str


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Their dataflows, data and files have names of HTML."""
    folder = tmp_path_factory.mktemp("lineage") / "<img src=x onerror=alert(1)>"
    folder.mkdir()
    tags = []
    model = small_model()
    for name in ("first", "second"):
        model.provenance(f"{name} <b onclick=alert(1)>", hyps={"DATASET": True})
        model.fit(*data(), epochs=2, verbose=0)
        model.evaluate(*data(20), verbose=0)
        model.save(folder / f"{name}.keras")
        tags.append(model.get_dataflow().exec_tag)
        model = keras.models.load_model(folder / f"{name}.keras")
    assert keras.flush(30)
    return Trained(folder, *tags)


def node(page: Any, kind: str, text: str) -> Any:
    """A node of the graph."""
    return page.locator(f".node.{kind}", has_text=text)


def test_a_model_is_followed_to_its_data(trained: Trained, look: Look) -> None:
    """Execution, model, test and data are drawn; a click says more, and the address keeps it."""
    page = look(f"lineage?run={trained.second}")
    node(page, "data", "training data").wait_for()
    assert page.locator(".node.execution").count() == 2
    node(page, "files", "first.keras").click()
    facts = page.locator("#facts")
    assert "after epoch" in facts.inner_text()
    assert "<img src=x onerror=alert(1)>" in facts.inner_text()
    page.reload()
    page.wait_for_selector(".node.chosen")
    assert "first.keras" in page.locator("#facts h2").inner_text()
    check_accessible(page)
    assert fits_its_width(page)


@pytest.mark.thorough
def test_curves_are_stitched_along_the_chain(trained: Trained, look: Look) -> None:
    """Both executions in one chart, and the list says which epochs are whose."""
    page = look(f"lineage?run={trained.first}")
    page.wait_for_selector("#curves .u-legend")
    chain = page.locator("#chain").inner_text()
    assert "epochs 0 to 1; the next one went on from first.keras" in chain
    assert "epochs 2 to 3" in chain
    legend = page.locator("#curves .chart", has_text="loss").first.inner_text()
    assert legend.count("loss:") == 2


@pytest.mark.thorough
def test_filters_are_in_the_address(trained: Trained, look: Look) -> None:
    """Leaving files out joins the executions themselves; the view can be sent."""
    page = look(f"lineage?run={trained.second}")
    page.wait_for_selector(".node")
    page.get_by_label("files", exact=True).check()
    page.wait_for_url("**hide=files**")
    page.wait_for_selector(".node")
    assert page.locator(".node.files").count() == 0
    assert page.locator(".edge-label", has_text="first.keras").count() == 1
    page.get_by_label("Shows").select_option("before")
    page.wait_for_url("**direction=before**")
    assert "hide=files" in page.url


@pytest.mark.thorough
def test_a_file_is_recognized_by_its_content(trained: Trained, look: Look, tmp_path: Path) -> None:
    """A copy under another name is hashed by the browser, and is not sent."""
    copy = tmp_path / "downloaded.bin"
    copy.write_bytes((trained.folder / "first.keras").read_bytes())
    page = look(f"lineage?run={trained.second}")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.locator("#choose input").set_input_files(copy)
    page.wait_for_url("**file=*")
    page.wait_for_selector(".node.start")
    assert page.locator(".node.files.start").count() == 1
    assert set(sent) == {"GET"}
    copy.write_bytes(b"unknown")
    page.locator("#choose input").set_input_files(copy)
    page.wait_for_selector("main .problem")
    assert "keras-prov origin FILE" in page.locator("main").inner_text()


@pytest.mark.thorough
def test_the_keyboard_walks_through_the_graph(trained: Trained, look: Look) -> None:
    """Arrows go to the next node, and Enter chooses it."""
    page = look(f"lineage?run={trained.second}&hide=data&hide=tests")
    page.wait_for_selector(".node.chosen")
    node(page, "execution", "first").focus()
    across = page.evaluate("document.querySelector('.graph-picture').clientWidth > 400")
    page.keyboard.press("ArrowRight" if across else "ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#facts h2").inner_text() == "first.keras"


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_on_a_phone_and_in_the_dark(
    trained: Trained, look: Look, scheme: str
) -> None:
    """Nothing scrolls sideways but the graph, and contrasts are sufficient."""
    phone = {"width": 390, "height": 844}
    page = look(f"lineage?run={trained.second}", viewport=phone, color_scheme=scheme)
    page.wait_for_selector(".node.chosen")
    page.locator(".as-list summary").click()
    assert "first.keras" in page.locator("#as-list").inner_text()
    check_accessible(page)
    assert fits_its_width(page)


def test_what_does_not_exist_is_said(viewer: Viewer) -> None:
    """An unknown execution or file, and a direction that is none."""
    assert viewer.ask("lineage?run=no-such-run").status == 404
    assert "keras-prov origin" in viewer.ask("lineage?file=no-such-file").text
    assert viewer.ask("lineage?direction=up").status == 400
    assert viewer.ask("lineage?depth=1000").status == 400


@pytest.mark.thorough
def test_names_of_values_are_texts(look: Look, tag: str) -> None:
    """Of hyperparameters and metrics, of which there are many with long values."""
    evil = "<img src=x onerror=alert(1)>"
    model = small_model(metrics=[keras.metrics.MeanSquaredError(evil)])
    values = {evil: evil, **{f"h{number}": "x" * 9000 for number in range(80)}}
    model.provenance(tag, hyperparameters=dict.fromkeys(values, "TEXT"), values=values)
    model.fit(*data(), verbose=0)
    assert keras.flush(30)
    page = look(f"lineage?run={model.get_dataflow().exec_tag}")
    page.wait_for_selector("#curves .u-legend")
    facts = page.locator("#facts dl").inner_text()
    assert facts.count(evil) >= 2
    assert "more" in facts.splitlines()[-1]
    assert len(page.content()) < 100_000
    check_accessible(page)


@pytest.mark.thorough
def test_an_empty_database_is_said(tmp_path: Path) -> None:
    """Both screens say what to do."""
    with running_viewer(KERAS_PROV_HOME=str(tmp_path)) as empty:
        for path in ("lineage", "dataflow"):
            answer = empty.ask(path)
            assert answer.status == 200
            assert "keras-prov run train.py" in answer.text


@pytest.mark.thorough
def test_changes_stand_on_their_own_training(viewer: Viewer, tag: str) -> None:
    """Of several fits, the one whose rate was changed has the change, where the epochs count on."""
    model = small_model(optimizer=keras.optimizers.SGD(0.1))
    model.provenance(dataflow_tag=tag, hyps={"LEARNING_RATE": True}, adaptation=True)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / (1 + epoch))
    model.fit(*data(), epochs=3, verbose=0)
    model.fit(*data(), epochs=2, callbacks=[halve], verbose=0)
    keras.flush()
    found = json.loads(viewer.ask("lineage/curves?run=last").text)
    assert [each["epoch"] for each in found["adaptations"]] == [4]
    assert [each["value"] for each in found["adaptations"]] == [pytest.approx(0.05)]


@pytest.mark.thorough
def test_an_open_page_offers_what_is_new(look: Look, tag: str) -> None:
    """A graph that has grown says so, and is drawn again when that is asked for."""
    train(tag)
    page = look("lineage")
    page.wait_for_selector(".node")
    assert page.locator("#news").is_hidden()
    before = page.locator("#lineage [name=run]").input_value()
    train(tag, 0.02)
    page.get_by_role("link", name="Draw it again").click()
    page.wait_for_selector(".node")
    page.wait_for_function(
        "before => document.querySelector('#lineage [name=run]').value !== before", arg=before
    )
    check_accessible(page)

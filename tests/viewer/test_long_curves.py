"""The page of one execution whose curves have 10,000s of epochs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

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
from viewer.looking import Viewer, running_viewer

EPOCHS = 6_000
PEAK, DIP, CHANGED = 777, 5_555, 3_001

FEWER = """
from dfanalyzer_client.viewer.screens import one_execution

one_execution.MOST_POINTS = 10_000
"""
"""As with ten times as many epochs, which take long to store."""


@pytest.fixture(scope="module")
def viewer(home: Path) -> Iterator[Viewer]:
    """A viewer that finds 10,000 points too many."""
    with running_viewer(program=FEWER) as started:
        yield started


def _declared(*names: str, texts: Sequence[str] = ()) -> list[Attribute]:
    numbers = [Attribute(name, AttributeType.NUMERIC) for name in names]
    return [*numbers, *(Attribute(name, AttributeType.TEXT) for name in texts)]


def long_training(tag: str, changed: Sequence[int]) -> str:
    """An execution with a falling loss with a peak and a dip, and rates that were adapted."""
    flow = Dataflow(tag)
    flow.exec_tag = f"{tag}-long"
    measured = _declared("epoch_id", "loss", "val_loss", texts=[tags.EPOCH_ENDED])
    adapted = _declared(tags.NEW_RATE, tags.EPOCH_ID, tags.OLD_RATE, texts=[tags.CAUSE])
    output = Set(tags.TRAINING_OUTPUT, SetType.OUTPUT, measured)
    flow.add_transformation(Transformation(tags.TRAINING, [output]))
    changes = Set(tags.ADAPTATION_OUTPUT, SetType.OUTPUT, adapted)
    flow.add_transformation(Transformation(tags.ADAPTATION, [changes]))
    flow.save()
    training = Task(1, tag, flow.exec_tag, tags.TRAINING)
    training.begin()
    began, rows = datetime.now(UTC).replace(tzinfo=None), []
    for epoch in range(EPOCHS):
        loss = {PEAK: 9.0, DIP: -9.0}.get(epoch, 1 - epoch / EPOCHS)
        ended = began + timedelta(seconds=epoch)
        rows.append(Element([float(epoch), loss, loss + 0.5, str(ended)]))
    training.add_dataset(DataSet(tags.TRAINING_OUTPUT, rows))
    training.end()
    task = Task(2, tag, flow.exec_tag, tags.ADAPTATION)
    of_changes = [Element([0.5, float(epoch), 1.0, "callback"]) for epoch in changed]
    task.add_dataset(DataSet(tags.ADAPTATION_OUTPUT, of_changes))
    task.save()
    assert keras.flush(60)
    return str(flow.exec_tag)


def curves_in(text: str) -> dict[str, Any]:
    """What a page carries for its charts."""
    found: dict[str, Any] = json.loads(
        text.partition('id="curve-data">')[2].partition("</script>")[0]
    )
    return found


def test_long_curves_are_thinned_out_and_keep_extremes_marks_and_times(
    look: Callable[..., Any], viewer: Viewer, tag: str
) -> None:
    """A page of 12,000 points has some, with the peak, the dip and the change where they were."""
    name = long_training(tag, [CHANGED])
    data = curves_in(viewer.ask(f"execution?run={name}").text)
    assert data["stretch"] == 3
    for series in data["series"]:
        assert len(series["epochs"]) < 5_000
        drawn = dict(zip(series["epochs"], series["values"], strict=True))
        above = 0.5 if series["metric"] == "val_loss" else 0
        assert drawn[PEAK] == 9 + above
        assert drawn[DIP] == -9 + above
        assert EPOCHS - 1 in drawn
    (times,) = data["times"]
    assert len(times["seconds"]) < 5_000
    page = look(f"execution?run={name}")
    page.wait_for_selector(".chart canvas")
    assert "of each 3 epochs are drawn" in page.inner_text("#thinned")
    summary = page.text_content(".chart[data-metric=loss] p.hidden")
    assert "loss: epochs 0 to 5999, last " in summary
    assert "lowest -9, highest 9." in summary
    for over in ("", "&x=time"):
        page.goto(viewer.address(f"execution?run={name}{over}"))
        mark = page.locator(".chart[data-metric=loss] .adaptation")
        mark.wait_for(state="attached")
        part = mark.evaluate("mark => mark.offsetLeft / mark.parentElement.clientWidth")
        assert abs(part - CHANGED / (EPOCHS - 1)) < 0.005


@pytest.mark.thorough
def test_an_adaptation_at_each_epoch_is_marked_over_the_whole_curve(
    look: Callable[..., Any], viewer: Viewer, tag: str
) -> None:
    """Of 6,000 changes, a chart marks some from its beginning to its end, and the page says so."""
    name = long_training(tag, range(EPOCHS))
    data = curves_in(viewer.ask(f"execution?run={name}").text)
    assert len(data["adaptations"]) == 1_000
    assert data["changes"] == EPOCHS
    page = look(f"execution?run={name}")
    marks = page.locator(".chart[data-metric=loss] .adaptation")
    marks.first.wait_for(state="attached")
    assert "Of 6,000 adaptations, some are marked" in page.inner_text("#thinned")
    lefts = marks.evaluate_all(
        "all => all.map(mark => mark.offsetLeft / mark.parentElement.clientWidth)"
    )
    assert len(lefts) == 100
    assert lefts[0] == 0
    assert lefts[-1] > 0.99

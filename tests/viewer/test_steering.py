"""A running training is steered from the page of its execution, in a real browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from viewer.looking import check_accessible, fits_its_width
from viewer.trainings import trained

Look = Callable[..., Any]

PROGRAM = """
import sys
import keras_prov as keras
from small_models import data, small_model

def tell(epoch, logs):
    if epoch == 1:
        keras.flush(60)
        print(model.exec_tag, flush=True)

model = small_model(optimizer=keras.optimizers.SGD(0.5))
model.provenance(dataflow_tag=sys.argv[1], hyps={"LEARNING_RATE": True}, steering=True)
told = keras.callbacks.LambdaCallback(on_epoch_end=tell)
model.fit(*data(), epochs=10**6, verbose=0, callbacks=[told])
"""


@pytest.fixture
def training(tag: str, tmp_path: Path) -> Iterator[str]:
    """A training in another process that goes on until it is stopped; its execution's tag."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    tests = Path(__file__).parents[1]
    # The root first: tests/keras_prov must not be taken for the package.
    environment = {"PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])}
    with subprocess.Popen(
        [sys.executable, str(program), tag],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def ask(page: Any, action: str, **given: str) -> None:
    """Fill in the form and confirm it."""
    page.click("text=Ask something of this training")
    page.wait_for_selector("#dialog select[name=action]")
    page.select_option("#dialog select[name=action]", action)
    for name, text in given.items():
        page.fill(f"#dialog input[name={name}]", text)
    page.click("#dialog >> text=Go on")


@pytest.mark.thorough
def test_a_training_is_steered_from_its_page(look: Look, training: str) -> None:
    """Asked, confirmed, applied: with old and new value, who and why, on the page and its curve.

    What is captured and asked is shown as text, whatever it looks like.
    """
    page = look(f"execution?run={training}&tab=steering")
    reason = "<img src=x onerror=alert(1)> it rises"
    ask(page, "set", target="learning_rate", value="0.25", person="Ada <b>", reason=reason)
    page.wait_for_selector("#dialog >> text=Change a running training?")
    check_accessible(page)
    assert reason in page.inner_text("#dialog")
    page.click("#dialog >> text=Yes, ask it")
    page.wait_for_selector("#dialog >> text=learning_rate 0.5 → 0.25")
    page.click("#dialog >> text=Close")
    row = page.inner_text("#requests tbody tr")
    assert "Ada <b>" in row
    assert "applied" in row
    mark = page.locator(".chart[data-metric=loss] .adaptation button[aria-label*='0.5 → 0.25']")
    mark.first.wait_for(state="attached")  # until then it is marked as one that waits
    label = mark.first.get_attribute("aria-label")
    assert label.endswith(f"learning_rate 0.5 → 0.25, by Ada <b>: {reason}")
    check_accessible(page)
    assert fits_its_width(page)

    ask(page, "set", target="nope", value="1", person="Ada", reason="a mistake")
    page.click("#dialog >> text=Yes, ask it")
    page.wait_for_selector("#dialog .problem")
    assert "no number 'nope'" in page.inner_text("#dialog .problem")
    page.click("#dialog >> text=Close")

    far = {"target": "learning_rate", "value": "0.1", "at_epoch": "900000"}
    ask(page, "set", **far, person="Ada", reason="later")
    page.click("#dialog >> text=Yes, ask it")
    page.wait_for_selector("#dialog >> text=Waiting: learning_rate = 0.1 at epoch 900000")
    page.click("#dialog >> text=Close")
    waits = ".chart[data-metric=loss] .adaptation button[aria-label*='waits: learning_rate']"
    page.wait_for_selector(waits, state="attached")

    ask(page, "stop", person="Ada", reason="good enough")
    page.click("#dialog >> text=Yes, ask it")
    page.wait_for_selector("#dialog >> text=stop")
    page.click("#dialog >> text=Close")
    page.wait_for_selector("[data-fact=status]:text-is('FINISHED')")
    page.reload()
    assert "Nothing can be asked of it any more" in page.inner_text("#tab")


@pytest.mark.thorough
def test_a_request_needs_a_person_and_a_reason(look: Look, training: str) -> None:
    """Without them, and with an epoch that is no number, the form says what is missing."""
    page = look(f"execution?run={training}&tab=steering")
    ask(page, "stop", person="Ada", reason=" ")
    page.wait_for_selector("#dialog .problem")
    assert "fill in the reason" in page.inner_text("#dialog .problem")
    page.fill("#dialog input[name=reason]", "enough")
    page.fill("#dialog input[name=at_epoch]", "soon")
    page.click("#dialog >> text=Go on")
    page.wait_for_selector("#dialog .problem:text('counted from 0')")
    assert page.input_value("#dialog input[name=reason]") == "enough"


def test_other_trainings_say_why_they_cannot_be_steered(look: Look, tag: str) -> None:
    """The tab has no button for a training that has ended, and says why."""
    trained(tag, epochs=1)
    page = look("execution?run=last&tab=steering")
    assert "Nothing can be asked of it any more: it is FINISHED." in page.inner_text("#tab")
    assert not page.locator("#tab button").count()

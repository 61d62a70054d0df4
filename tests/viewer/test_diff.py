"""The screen of what differs between two executions, on real trainings."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.viewer.comparing.differences import pieces
from small_models import data, small_model
from viewer.looking import Viewer, check_accessible, fits_its_width

HTML = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def two(home: Path) -> list[str]:
    """Two executions with different learning rates and notes, whose layers and data are known."""
    tag = f"two-{uuid.uuid4().hex[:8]}"
    for rate, text in ((0.01, "a"), (0.02, "b")):
        model = small_model(optimizer=keras.optimizers.SGD(rate))
        model.provenance(
            dataflow_tag=tag,
            hyps={"LEARNING_RATE": True, "NUM_EPOCHS": True, "DATASET": True},
            hyperparameters=[("WHY", "TEXT")],
            values={"WHY": f"{HTML} {'because ' * 20}{text} {'in the end ' * 20}"},
        )
        model.fit(*data(), epochs=2, verbose=0)
    keras.flush()
    return [run.execution for run in dfanalyzer_client.runs(dataflow=tag, order_by="id")]


def _diff(runs: list[str], **query: Any) -> str:
    return f"diff?{urlencode({'a': runs[0], 'b': runs[1], **query})}"


def test_only_what_differs_is_shown_first(look: Callable[..., Any], two: list[str]) -> None:
    """The learning rates differ, by how much is said; what is the same is there if asked for."""
    page = look(_diff(two))
    row = page.get_by_role("row", name="learning_rate")
    assert row.locator("td").all_inner_texts() == ["0.01", "0.02 +0.01"]
    assert page.get_by_role("rowheader", name="num_epochs").count() == 0
    page.get_by_text("What is the same, too").click()
    assert page.get_by_role("rowheader", name="num_epochs").count() == 1
    assert page.get_by_role("heading", name="Fingerprints of data").count() == 1
    check_accessible(page)
    assert fits_its_width(page)


@pytest.mark.thorough
def test_it_can_be_read_everywhere(look: Callable[..., Any], two: list[str]) -> None:
    """The page is accessible in the dark and on a phone; swapping the two changes the address."""
    for options in ({"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}):
        page = look(_diff(two), **options)
        check_accessible(page)
        assert fits_its_width(page)
    page.get_by_role("link", name="Swap").click()
    row = page.get_by_role("row", name="learning_rate")
    assert row.locator("td").all_inner_texts() == ["0.02", "0.01 −0.01"]


@pytest.mark.thorough
def test_long_texts_are_shown_whole(look: Callable[..., Any], two: list[str]) -> None:
    """A long text is cut in the table; its page has the whole, as text, and marks what differs."""
    page = look(_diff(two))
    page.get_by_label("The whole values of why").click()
    assert page.locator("mark").all_inner_texts() == ["a", "b"]
    assert page.locator("pre").first.inner_text().startswith(HTML)
    assert page.locator("main img, main script").count() == 0
    check_accessible(page)
    assert fits_its_width(page)


def test_a_text_is_a_file(viewer: Viewer, two: list[str]) -> None:
    """The whole of a text is answered as plain text, which no browser takes for HTML."""
    address = _diff(two, part="hyperparameter", name="why", side="b")
    answer = viewer.ask(address.replace("diff", "diff/text", 1))
    assert answer.text.startswith(HTML)
    assert "because b in the end" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_long_parts_have_pages(viewer: Viewer, tag: str) -> None:
    """Of many layers, the page has the first values of each part, and a part alone has pages."""
    for units in (1, 2):
        model = keras.Sequential(
            [
                keras.Input((4,)),
                *(keras.layers.Dense(units) for _ in range(80)),
                keras.layers.Dense(1),
            ]
        )
        model.compile("sgd", "mse")
        model.provenance(dataflow_tag=tag, hyps={"NUM_LAYERS": True})
        model.fit(*data(), epochs=1, verbose=0)
    keras.flush()
    runs = [run.execution for run in dfanalyzer_client.runs(dataflow=tag, order_by="id")]
    whole = viewer.ask(_diff(runs, same="1"))
    assert 'part=layer">All ' in whole.text
    first = viewer.ask(_diff(runs, same="1", part="layer"))
    assert "part=layer&amp;page=2" in first.text
    assert first.text.count("<tr") == 1001
    second = viewer.ask(_diff(runs, same="1", part="layer", page="2"))
    assert "page=1" in second.text


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("diff", 200, "Name two executions"),
        ("diff?a=last&b=", 200, "Name two executions"),
        ("diff?a=last&b=nobody", 404, "No execution &#39;nobody&#39;"),
        ("diff?a=last&b=last", 200, "Both are the same execution"),
        ("diff?a=last&b=last&part=layer&name=x", 404, "Neither execution has a value"),
        ("diff?a=last&b=last&page=0", 400, "wrong value for &#39;page&#39;"),
    ],
)
def test_errors_say_what_to_do(viewer: Viewer, tag: str, path: str, status: int, text: str) -> None:
    """Names that nobody has, and the same name twice, are explained."""
    answer = viewer.ask(path, accept="text/html")
    assert (answer.status, text in answer.text) == (status, True), answer.text


def test_pieces_are_the_whole_texts() -> None:
    """What differs is found word by word; in very long texts, between their common ends."""
    left, right = pieces("a = 1, b = 2", "a = 1, b = 3")
    assert [(piece.text, piece.differs) for piece in left] == [("a = 1, b = ", False), ("2", True)]
    assert [piece.text for piece in right if piece.differs] == ["3"]
    long = "word " * 5000
    left, right = pieces(f"{long}x{long}", f"{long}{long}")
    assert "".join(piece.text for piece in left) == f"{long}x{long}"
    assert [piece.text for piece in left if piece.differs] == ["x"]
    assert [piece for piece in right if piece.differs] == []

"""The screen of all executions, on real trainings in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.viewer.run_table import epochs_asked
from small_models import data, small_model
from viewer.looking import check_accessible, fits_its_width
from viewer.trainings import AtEachEpoch, trained

PHONE = {"width": 390, "height": 844}
Look = Callable[..., Any]


def test_executions_are_listed_with_what_differs(look: Look, tag: str) -> None:
    """Two trainings are two rows, whose learning rates are a column."""
    trained(tag, 0.01)
    trained(tag, 0.02)
    page = look(f"./?dataflow={tag}")
    rows = page.locator("tbody tr")
    assert rows.count() == 2
    assert page.locator("thead th[title='hyperparameters.learning_rate']").count() == 1
    assert "3 of 3" in rows.first.inner_text()
    assert "FINISHED" in rows.first.inner_text()
    assert page.locator("tbody svg.spark").count() == 2
    check_accessible(page)
    assert fits_its_width(page)


@pytest.mark.thorough
@pytest.mark.parametrize("path", ["./", "dataflow", "sql", "export"])
def test_a_long_name_of_a_dataflow_widens_no_page(look: Look, tag: str, path: str) -> None:
    """Where dataflows can be chosen, the longest name is cut, on a phone, too."""
    long = f"{tag}-{'x' * 300}"
    trained(long)
    for viewport in (PHONE, {"width": 1280, "height": 800}):
        assert fits_its_width(look(f"{path}?dataflow={tag}", viewport=viewport))


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_list_can_be_read_in_both_themes_and_on_a_phone(
    look: Look, tag: str, scheme: str
) -> None:
    """axe finds nothing in either theme, and a phone's page does not scroll sideways."""
    trained(tag)
    page = look(f"./?dataflow={tag}", color_scheme=scheme, viewport=PHONE)
    check_accessible(page)
    assert fits_its_width(page)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    page.wait_for_function(
        "before => getComputedStyle(document.body).backgroundColor !== before", arg=before
    )
    check_accessible(page)


@pytest.mark.thorough
def test_a_condition_and_an_order_are_in_the_address(look: Look, tag: str) -> None:
    """What the form and a heading do is a link that shows the same again."""
    for rate in (0.01, 0.02, 0.03):
        trained(tag, rate)
    page = look(f"./?dataflow={tag}")
    page.fill("input[name=where]", "learning_rate > 0.015")
    page.click("text=Show")
    page.wait_for_function("() => document.querySelectorAll('tbody tr').length === 2")
    page.click("thead th[title='hyperparameters.learning_rate'] a")
    page.wait_for_url("**sort=**")
    rates = [row.split("\t") for row in page.locator("tbody tr").all_inner_texts()]
    assert "0.03" in rates[0]
    page.reload()
    assert page.input_value("input[name=where]") == "learning_rate > 0.015"
    assert page.locator("tbody tr").count() == 2


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("where=learnig_rate<1", "learnig_rate"),
        ("where=loss<", "condition"),
        ("dataflow=no-such-flow", "no-such-flow"),
        ("sort=nothing", "nothing"),
        ("page=0", "page"),
        ("page=999", "Show the first"),
        ("where=id<0", "Show all"),
    ],
)
def test_what_cannot_be_shown_says_why(look: Look, tag: str, query: str, text: str) -> None:
    """A wrong condition, name or page is a page with one line that helps."""
    trained(tag)
    page = look(f"./?{query}")
    assert text in page.inner_text("main")
    check_accessible(page)


@pytest.mark.thorough
def test_a_training_appears_and_goes_on_by_itself(look: Look, tag: str) -> None:
    """An open page shows a training, each epoch, and its end; the focus stays in its row."""
    trained(tag)
    page = look(f"./?dataflow={tag}")
    page.evaluate("window.sameTab = true")
    seen: list[str] = []

    def check(epoch: int) -> None:
        wanted = f"{epoch + 1} of 3"
        page.wait_for_function(
            "text => document.querySelector('tbody tr').innerText.includes(text)", arg=wanted
        )
        seen.append(page.locator("tbody tr").first.inner_text())

        if epoch == 0:
            page.locator("tbody a").first.focus()

    trained(tag, callbacks=[AtEachEpoch(check)])
    page.wait_for_function(
        "() => document.querySelector('tbody tr').innerText.includes('FINISHED')"
    )
    assert page.locator("tbody a").first.evaluate("link => link === document.activeElement")
    assert len(seen) == 3
    assert all("RUNNING" in text for text in seen)
    assert page.evaluate("window.sameTab")


@pytest.mark.thorough
def test_chosen_executions_stay_chosen_and_are_compared(look: Look, tag: str) -> None:
    """A new row does not undo the choice, and Compare names the chosen ones in the address."""
    trained(tag)
    page = look(f"./?dataflow={tag}")
    page.check("tbody input[name=run]")
    trained(tag)
    page.wait_for_function("() => document.querySelectorAll('tbody tr').length === 2")
    boxes = page.locator("tbody input[name=run]")
    page.wait_for_function(
        "document.querySelectorAll('tbody input[name=run]:checked').length === 1"
    )
    assert boxes.nth(1).is_checked()
    boxes.nth(0).check()
    assert page.inner_text("#count") == "2 chosen"
    page.click("#compare")
    page.wait_for_url("**/compare?run=*&run=*")


@pytest.mark.thorough
def test_tags_and_notes_are_edited_in_place(look: Look, tag: str) -> None:
    """What is typed is stored through the journal, shown, and changed and removed again."""
    trained(tag)
    page = look(f"./?dataflow={tag}")

    def edit(tags: str, note: str) -> None:
        page.click("td.said button")
        page.wait_for_selector("dialog[open] textarea")
        check_accessible(page)
        page.fill("textarea[name=tags]", tags)
        page.fill("textarea[name=note]", note)
        page.click("dialog button:text('Save')")
        page.wait_for_selector("dialog", state="hidden")

    edit("baseline\nowner=ana", "Too high.")
    page.wait_for_selector("td.said .tag:text('owner=ana')")
    (found,) = dfanalyzer_client.runs(dataflow=tag)
    assert found.tags == {"baseline": "", "owner": "ana"}
    assert found.note == "Too high."

    edit("owner=ben", "")
    page.wait_for_selector("td.said .tag:text('owner=ben')")
    (found,) = dfanalyzer_client.runs(dataflow=tag)
    assert (found.tags, found.note) == ({"owner": "ben"}, None)


@pytest.mark.thorough
def test_a_wrong_tag_says_so_in_the_dialog(look: Look, tag: str) -> None:
    """A name that cannot be a tag's is refused where it was typed, and nothing is stored."""
    trained(tag)
    page = look(f"./?dataflow={tag}")
    page.click("td.said button")
    page.fill("textarea[name=tags]", "=value")
    page.click("dialog button:text('Save')")
    page.wait_for_selector("dialog .problem")
    assert "tag's name" in page.inner_text("dialog")
    assert page.input_value("textarea[name=tags]") == "=value"
    (found,) = dfanalyzer_client.runs(dataflow=tag)
    assert not found.tags


@pytest.mark.thorough
def test_keys_reach_everything(look: Look, tag: str) -> None:
    """`/` goes to the condition, Enter shows, and Tab reaches the first execution's link."""
    trained(tag)
    page = look(f"./?dataflow={tag}")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "where"
    page.keyboard.type("epochs = 3")
    page.keyboard.press("Enter")
    page.wait_for_url("**where=epochs*")
    reached = set[str]()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('href') ?? ''"))
    assert any(each.startswith("execution?run=") for each in reached)


@pytest.mark.thorough
def test_columns_can_be_chosen(look: Look, tag: str) -> None:
    """A chosen column is in the table and in the address."""
    trained(tag)
    page = look(f"./?dataflow={tag}")
    page.click(".columns summary")
    page.check(".choices input[value='hyperparameters.learning_rate']")
    page.wait_for_selector("thead th[title='hyperparameters.learning_rate']")
    assert "columns=hyperparameters.learning_rate" in page.url
    assert keras.run("last").execution.startswith(tag)


@pytest.mark.thorough
def test_the_table_says_how_many_there_are(look: Callable[..., Any], tag: str) -> None:
    """All executions that fulfil the condition are counted, not only those of the page."""
    flow = dfanalyzer_client.Dataflow(tag)
    flow.add_transformation(dfanalyzer_client.Transformation("work"))
    for number in range(53):
        flow.exec_tag = f"{tag}-{number}"
        flow.save()
        dfanalyzer_client.Task(1, tag, flow.exec_tag, "work").save()
    assert dfanalyzer_client.flush(30)
    page = look(f"./?dataflow={tag}")
    assert page.locator("#total").inner_text() == "53 executions"
    page.get_by_role("link", name="More").click()
    page.get_by_text("Page 2").wait_for()
    assert page.locator("#total").inner_text() == "53 executions"
    page.goto(page.url.partition("?")[0] + f"?dataflow={tag}&where=execution = '{tag}-7'")
    assert page.locator("#total").inner_text() == "1 execution"


def test_epochs_before_a_continuation_are_not_asked_of_it(tag: str) -> None:
    """With `initial_epoch`, an execution has asked for the epochs from there on only."""
    x, y = data()
    for initial_epoch in (0, 2):
        model = small_model()
        keys = dict.fromkeys(("NUM_EPOCHS", "INITIAL_EPOCH"), True)
        model.provenance(dataflow_tag=tag, hyps=keys)
        model.fit(x, y, initial_epoch=initial_epoch, epochs=5, verbose=0)
    keras.flush()
    runs = dfanalyzer_client.runs(dataflow=tag, order_by="id")
    assert [(run.epochs, epochs_asked(run)) for run in runs] == [(5, 5), (3, 3)]

"""The screen of all executions, on real trainings in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from viewer.looking import check_accessible, fits_its_width
from viewer.trainings import trained


def test_executions_are_listed_with_what_differs(look: Callable[..., Any], tag: str) -> None:
    """Two trainings are two rows, whose learning rates are a column."""
    trained(tag, 0.01)
    trained(tag, 0.02)
    page = look(f"./?dataflow={tag}")
    rows = page.locator("tbody tr")
    assert rows.count() == 2
    assert page.locator("thead th[title='hyperparameters.learning_rate']").count() == 1
    assert "3 of 3" in rows.first.inner_text()
    assert "FINISHED" in rows.first.inner_text()
    check_accessible(page)
    assert fits_its_width(page)

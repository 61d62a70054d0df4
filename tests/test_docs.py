"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dfanalyzer_client.config import project_file
from tools.capture_docs import PAGE, up_to_date

DOCS = Path(__file__).parents[1] / "docs"
README = Path(__file__).parents[1] / "README.md"


def test_the_tables_of_what_can_be_captured_are_up_to_date() -> None:
    """`python -m tools.capture_docs` would change nothing."""
    text = PAGE.read_text(encoding="utf-8")
    assert up_to_date(text) == text
    assert "`BETA_1`" in text


def test_every_setting_is_documented() -> None:
    """By its variable and by its key in pyproject.toml."""
    text = (DOCS / "run.md").read_text(encoding="utf-8")
    for key in project_file.KEYS:
        assert f"| `KERAS_PROV_{key.upper()}` | `{key}` |" in text


@pytest.mark.parametrize("page", [README, *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Relative ones; each names a file that is there."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target

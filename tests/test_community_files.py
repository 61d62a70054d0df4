"""What people find who come: the files that a public forge looks for are there and are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from keras_prov._version import __version__

ROOT = Path(__file__).resolve().parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")),
    *sorted(DECISIONS.glob("*.md")),
]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Of its headings, as forges make them."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", each.lower()) for each in headings)
    return {each.replace(" ", "-") for each in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that is there, and a heading in it."""
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)", text):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"


def test_the_way_of_an_epoch_is_the_codes() -> None:
    """Each step that CONTRIBUTING.md names is a file that has the name beside it."""
    table = CONTRIBUTING.partition("<!-- path -->")[2].partition("\n\n")[0]
    steps = re.findall(r"(?m)^\| \d+ \| `([^`]+)` \| .* \| `([^`]+)` \|$", table)
    assert len(steps) > 10
    assert len(steps) == table.count("\n| ") - 1  # all of its rows but the head
    for file, name in steps:
        assert re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8")), (file, name)


def test_the_recipes_name_what_is_there() -> None:
    """Files, folders and names of the code that CONTRIBUTING.md speaks of."""
    recipes = CONTRIBUTING.partition("## Recipes")[2]
    paths = set(re.findall(r"`((?:keras_prov|dfanalyzer_client|tests|tools|docs)/[^`]*)`", recipes))
    assert len(paths) > 20
    assert [each for each in sorted(paths) if not (ROOT / each).exists()] == []
    code = "".join((ROOT / each).read_text() for each in paths if each.endswith(".py"))
    names = set(re.findall(r"`([A-Z][A-Z_]+)`", recipes))
    assert {"KNOWN", "OPTIONS", "SETS", "FORMATS", "BACKENDS"} <= names
    assert [each for each in sorted(names) if not re.search(rf"\b{each}\b", code)] == []


def test_the_citation_is_of_this_version_and_names_the_paper() -> None:
    """What reference managers read."""
    citation = parsed(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == __version__
    (paper,) = citation["references"]
    assert paper["title"] == (
        "Uma abordagem para coleta e análise de dados de configurações em redes neurais profundas"
    )
    assert paper["year"] == 2020
    assert paper["authors"][0]["family-names"] == "Pina"


def test_the_public_workflow_runs_what_a_change_has_to_pass() -> None:
    """A forge checks nothing less, and nothing else."""
    (job,) = parsed(ROOT / ".github" / "workflows" / "ci.yml")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step][-1] == ".ci/run"


def test_before_a_commit_the_checks_of_make_test_run() -> None:
    """Each hook calls a command of the Makefile, where it is spelled once."""
    (local,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]
    commands = [hook["entry"].split() for hook in local["hooks"]]
    targets = [command[-1] for command in commands]
    assert [command[0] for command in commands] == ["make", "make"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"\ntest: {' '.join(targets)} ##" in makefile


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_issue_forms_are_as_the_forge_wants_them(form: Path) -> None:
    """With a name and fields that have an id and a label each."""
    content = parsed(form)
    if form.stem == "config":
        assert content == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= content.keys()
    fields = [each for each in content["body"] if each["type"] != "markdown"]
    assert all(each["id"] and each["attributes"]["label"] for each in fields)


def test_every_decision_is_in_the_index_and_in_the_design() -> None:
    """Numbered without a gap, titled alike, with context, decision and consequences."""
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    design = (DECISIONS.parent / "explanation" / "design.md").read_text(encoding="utf-8")
    records = sorted(DECISIONS.glob("0*.md"))
    assert records
    for number, record in enumerate(records, 1):
        text = record.read_text(encoding="utf-8")
        head, _, _ = text.partition("\n")
        title = head.removeprefix(f"# {number}. ")
        assert record.name.startswith(f"{number:04}-")
        assert title != head
        assert f"| {number} | [{title}]({record.name}) |" in index
        assert f"{number}. [{title}](../decisions/{record.name})" in design
        parts = re.findall(r"(?m)^## (.*)$", text)
        assert parts == ["Context", "Decision", "Consequences"]

"""The documentation says what the code does."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import dfanalyzer_client
import keras_prov
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
    client_for,
)
from dfanalyzer_client.cli import main, passwords
from dfanalyzer_client.config import project_file
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from tools.capture_docs import PAGES as GENERATED
from tools.capture_docs import up_to_date
from tools.examples import DOCS, NOTEBOOKS, README, ROOT, normalized, run_notebook
from tools.site_hooks import notebook_page

PAGES = [README, *sorted(DOCS.rglob("*.md"))]
LINES = 120
"""Of the README, roughly."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_tables_that_the_code_spells_are_up_to_date() -> None:
    """`python -m tools.capture_docs` would change nothing."""
    for page in GENERATED:
        text = page.read_text(encoding="utf-8")
        assert up_to_date(text) == text
        assert "table: " in text
    assert "`BETA_1`" in GENERATED[0].read_text(encoding="utf-8")


def test_every_setting_is_documented() -> None:
    """By its variable and by its key in pyproject.toml."""
    text = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    for key in project_file.KEYS:
        assert f"| `KERAS_PROV_{key.upper()}` | `{key}` |" in text


def test_the_ten_lines_are_ten() -> None:
    """So many lines of code has the README's training, and the README is short."""
    text = README.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) == 10
    assert len(text.splitlines()) <= LINES


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Relative ones; each names a file that is there, and a heading in it."""
    for target, _, anchor in re.findall(
        r"\]\(([^)#:]*)(#([^)]*))?\)", page.read_text(encoding="utf-8")
    ):
        found = page.parent / target if target else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as forges and MkDocs make them."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


def test_every_public_name_is_on_its_api_page() -> None:
    """What `keras_prov` adds to Keras, and all of `dfanalyzer_client`."""
    for package, names in (
        (keras_prov, keras_prov._OUR_NAMES),
        (dfanalyzer_client, dfanalyzer_client.__all__),
    ):
        page = DOCS / "reference" / f"{package.__name__}.md"
        shown = re.findall(rf"(?m)^::: {package.__name__}\.(\w+)$", page.read_text("utf-8"))
        assert set(names) <= set(shown)


def test_the_command_is_generated_from_the_command() -> None:
    """The page names the group that is there."""
    text = (DOCS / "reference" / "command.md").read_text(encoding="utf-8")
    module, command = (
        re.findall(rf":{option}: (\S+)", text)[0] for option in ("module", "command")
    )
    assert isinstance(getattr(importlib.import_module(module), command), click.Group)


@pytest.mark.thorough
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Links, anchors and names of the API are checked, and nothing is loaded from elsewhere."""
    pytest.importorskip("mkdocs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = [page.read_text("utf-8") for page in tmp_path.rglob("*.html")]
    assert len(pages) > len(PAGES)
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]* src="?https?:|<link[^>]*stylesheet[^>]*https?:'
    )
    assert not [found for page in pages for found in loaded.findall(page)]
    assert "Example: keras-prov runs" in (tmp_path / "reference" / "command.html").read_text(
        "utf-8"
    )


@pytest.mark.thorough
@pytest.mark.parametrize("page", NOTEBOOKS, ids=name_of)
def test_the_notebooks_say_what_happens(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cell gives what is stored in it, figures apart; the site shows it as a page."""
    pytest.importorskip("nbclient")
    stored = json.loads(page.read_text(encoding="utf-8"))
    assert "<keras_prov.capture of" in notebook_page(page)
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    try:
        ran = run_notebook(page, tmp_path)
    finally:
        PrivateServer(tmp_path / "home").stop()
    for ours, theirs in zip(stored["cells"], ran["cells"], strict=True):
        assert printed(theirs) == printed(ours)


def printed(cell: Any) -> list[str]:
    """What a cell printed and gave, without what differs from run to run."""
    texts = [each.get("text") or each["data"]["text/plain"] for each in cell.get("outputs", ())]
    return [normalized("".join(each)) for each in texts]


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[StoreURL]:
    """A server with one dataflow, as its administrator reaches it."""
    server = PrivateServer(tmp_path)
    client = client_for(home=tmp_path)
    cells = Set("iSolve", SetType.INPUT, [Attribute("CELLS", AttributeType.NUMERIC)])
    dataflow = Dataflow("solver", [Transformation("Solve", [cells])], client=client)
    dataflow.save()
    with dataflow.task("Solve") as task:
        task.used(cells=3)
    assert client.close(60)
    yield server.ensure()
    server.stop()


def test_the_accounts_of_an_own_server_do(
    filled: StoreURL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the page creates them, twice as well: readers read all there is, and write nothing."""
    text = (DOCS / "how-to" / "own-server.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"<!-- fragment: accounts -->\n```console\n\$ keras-prov (.*)\n", text)
    arguments = re.sub(r"monetdb://\S+", str(filled), line).split()
    monkeypatch.setattr(passwords, "has_terminal", lambda: True)  # which is `input` here
    typed = [f"{filled.password}"] + ["readers-secret"] * 4 + ["labs-secret"] * 2
    done = CliRunner().invoke(main, arguments, input="\n".join(typed))
    assert done.stdout.count("was created: it may") == 3, done.output
    again = CliRunner().invoke(main, arguments, input=filled.password)
    assert again.stdout.count("may read 0 more") == 2, again.output
    for name in ("ann", "ben"):
        with Connection(
            dataclasses.replace(filled, user=name, password="readers-secret")
        ) as reader:
            assert reader.query('SELECT cells FROM "solver".isolve') == [(3.0,)]
            assert reader.query('SELECT count(*) FROM "public".task') == [(1,)]
            with pytest.raises(dfanalyzer_client.DfAnalyzerError, match="insufficient privileges"):
                reader.execute('DELETE FROM "public".dataflow')

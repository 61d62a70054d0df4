"""What is imported, and when: the command starts quickly because it imports only what it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dfanalyzer_client
from dfanalyzer_client import store
from dfanalyzer_client.private_server import PrivateServer

NOT_NEEDED = {
    "asyncio",
    "dfanalyzer_client.dataflow",
    "dfanalyzer_client.delivery.client",
    "dfanalyzer_client.delivery.exporter",
    "dfanalyzer_client.store.catalogue",
    "dfanalyzer_client.store.writer",
    "fastapi",
    "importlib.metadata",
    "keras",
    "numpy",
    "prov",
    "sqlglot",
    "tenacity",
}
LISTING = """
import sys
from dfanalyzer_client.cli import main
main(["runs", *sys.argv[1:]], standalone_mode=False)
print(*sys.modules, sep="\\n", file=sys.stderr)
"""


def imported_by_runs(home: Path, *arguments: str) -> set[str]:
    """The modules that `keras-prov runs` has imported in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING, *arguments],
        env={**os.environ, "KERAS_PROV_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines())


def test_runs_imports_neither_writer_nor_parser(tmp_path: Path) -> None:
    """`keras-prov runs` imports what reads the database, and nothing that writes or parses.

    It does so in a home of its own: what other processes left behind takes a writer.
    """
    server = PrivateServer(tmp_path)
    server.ensure()
    try:
        imported = imported_by_runs(tmp_path, "--json")
    finally:
        server.stop()
    assert "pymonetdb" in imported
    assert imported & NOT_NEEDED == set()


@pytest.mark.parametrize("module", [dfanalyzer_client, store])
def test_every_public_name_is_found(module: object) -> None:
    """All names in `__all__` are there, those that are imported later too."""
    missing = [name for name in module.__all__ if not hasattr(module, name)]  # type: ignore[attr-defined]
    assert missing == []


def test_modules_are_attributes_of_the_package() -> None:
    """`import dfanalyzer_client` is enough for `dfanalyzer_client.task.Task`, as it ever was."""
    code = "import dfanalyzer_client as d; assert d.task.Task is d.Task is d.Task; print(dir(d))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "'Transformation'" in done


@pytest.mark.parametrize("module", [dfanalyzer_client, store])
def test_unknown_names_are_errors(module: object) -> None:
    """A name that the package does not have is an AttributeError which says so."""
    with pytest.raises(AttributeError, match="has no attribute 'Dataflows'"):
        module.Dataflows  # type: ignore[attr-defined]  # noqa: B018

"""The architecture of docs/explanation/design.md: imports point one way, and folders are small."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tools.import_graph import PACKAGES, components, layers, modules

ROOT = Path(__file__).parents[1]
MAX_MODULES = 22
"""In one folder; the modules of DfAnalyzer's model stay where its users import them."""


def test_imports_point_one_way() -> None:
    """No module and no folder imports, directly or indirectly, what imports it."""
    imports = modules()
    assert len(list(layers(imports))) > 1
    assert len(list(layers(components(imports)))) > 1
    below, _ = PACKAGES
    assert not [
        (module, name)
        for module, imported in imports.items()
        for name in imported
        if module.startswith(below) and not name.startswith(below)
    ]


def test_each_folder_is_a_package() -> None:
    """A folder without `__init__.py` works in a clone, and is missing in the wheel."""
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_no_folder_is_flat() -> None:
    """The listing of folders shows where something is."""
    folders = Counter(
        path.parent.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    )
    assert {folder: count for folder, count in folders.items() if count > MAX_MODULES} == {
        Path("dfanalyzer_client"): folders[Path("dfanalyzer_client")]
    }
    assert folders[Path("dfanalyzer_client")] <= 28

"""The house that docs/design draws: imports point one way, and rooms are small enough to know."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tools.import_graph import PACKAGES, floors, modules, rooms

ROOT = Path(__file__).parents[1]
MOST_MODULES = 22
"""Of one folder; DfAnalyzer's model has its 19 where its users import them."""


def test_imports_point_one_way() -> None:
    """No module and no folder imports, on whatever way, what imports it."""
    imports = modules()
    assert len(list(floors(imports))) > 1
    assert len(list(floors(rooms(imports)))) > 1
    below, _ = PACKAGES
    assert not [
        (module, each)
        for module, imported in imports.items()
        for each in imported
        if module.startswith(below) and not each.startswith(below)
    ]


def test_no_folder_is_flat() -> None:
    """A change's place is found from the listing of folders."""
    folders = Counter(
        path.parent.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    )
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {
        Path("dfanalyzer_client"): folders[Path("dfanalyzer_client")]
    }
    assert folders[Path("dfanalyzer_client")] <= 26

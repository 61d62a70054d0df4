"""``python -m tools.import_graph``: who imports whom; an import upwards is an error.

A room is a folder, or a module, that stands directly in one of the packages. It may import rooms of
the floors below it alone, so that there is no circle, neither of rooms nor of modules.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import click
import grimp

__all__ = ["PACKAGES", "floors", "modules", "rooms"]

PACKAGES = ("dfanalyzer_client", "keras_prov")

Graph = Mapping[str, set[str]]
"""What each imports."""


def modules() -> Graph:
    """What each module imports, within functions and for types as well."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {each: set(graph.find_modules_directly_imported_by(each)) for each in graph.modules}


def rooms(imports: Graph) -> Graph:
    """What each room imports of the others; a package's own ``__init__`` is its front door."""
    result: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports.items():
        room = _room(module)
        result[room] |= {_room(each) for each in imported} - {room}
    return dict(result)


def floors(graph: Graph) -> Iterator[list[str]]:
    """The floors, from the ground: each imports of those before it alone.

    Raises:
        CycleError: some import each other; its second argument names them, the last as the first.
    """
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    while ready := sorted(sorter.get_ready()):
        yield ready
        sorter.done(*ready)


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def main() -> int:
    """Print the floors, the highest first, and below each room what it imports."""
    imports = modules()
    try:
        for graph in (imports, rooms(imports)):
            listed = list(floors(graph))
    except CycleError as error:
        click.echo(f"These import each other: {' → '.join(error.args[1])}", err=True)
        return 1
    for number, floor in reversed(list(enumerate(listed))):
        click.echo(f"floor {number}")
        for room in floor:
            below = " ".join(sorted(graph[room])) or "nothing of ours"
            click.echo(f"  {room}\n      {below}")
    arrows = sum(map(len, graph.values()))
    click.echo(f"{len(graph)} rooms on {len(listed)} floors, {arrows} arrows, no circle")
    return 0


if __name__ == "__main__":
    sys.exit(main())

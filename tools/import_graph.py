"""``python -m tools.import_graph`` prints who imports whom; a cycle is an error.

A component is a folder or module directly in one of the packages. It imports only components of the
layers below it, so there is no cycle of components, nor of modules.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import click
import grimp

__all__ = ["PACKAGES", "components", "layers", "modules"]

PACKAGES = ("dfanalyzer_client", "keras_prov")

Graph = Mapping[str, set[str]]
"""What a module or component imports."""


def modules() -> Graph:
    """What every module imports, including imports in functions and for types."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {name: set(graph.find_modules_directly_imported_by(name)) for name in graph.modules}


def components(imports: Graph) -> Graph:
    """What every component imports of the others; a package's ``__init__`` is one, too."""
    result: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports.items():
        component = _component(module)
        result[component] |= {_component(name) for name in imported} - {component}
    return dict(result)


def layers(graph: Graph) -> Iterator[list[str]]:
    """The layers, lowest first: each one imports only layers before it.

    Raises:
        CycleError: some import each other; its second argument lists them, the first one twice.
    """
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    while ready := sorted(sorter.get_ready()):
        yield ready
        sorter.done(*ready)


def _component(module: str) -> str:
    return ".".join(module.split(".")[:2])


def main() -> int:
    """Print the layers, highest first, and below every component what it imports."""
    imports = modules()
    try:
        for graph in (imports, components(imports)):
            listed = list(layers(graph))
    except CycleError as error:
        click.echo(f"These import each other: {' → '.join(error.args[1])}", err=True)
        return 1
    for number, layer in reversed(list(enumerate(listed))):
        click.echo(f"layer {number}")
        for component in layer:
            below = " ".join(sorted(graph[component])) or "nothing of ours"
            click.echo(f"  {component}\n      {below}")
    edges = sum(map(len, graph.values()))
    click.echo(f"{len(graph)} components in {len(listed)} layers, {edges} edges, no cycle")
    return 0


if __name__ == "__main__":
    sys.exit(main())

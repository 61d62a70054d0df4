"""Draw where a file came from as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from ...lineage.facts import ExecutionFacts
from ...lineage.origin import FileOrigin
from ...lineage.relatives import Relative
from ...lineage.uses import Use
from ...support.terminal import terminal_line
from ..tables import UNLIMITED

__all__ = ["print_origin", "use_line"]

T = TypeVar("T")

EXECUTIONS_SHOWN = 10
USES_SHOWN = 5
FILES_SHOWN = 5


def print_origin(found: FileOrigin, name: str) -> None:
    """Print the tree of a file, under the name that its user gave, in whole lines in a pipe."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=UNLIMITED)
    console.print(_tree(found, name))


def use_line(use: Use) -> str:
    """Who did what with a file, and when, in one line."""
    return f"execution {use.df_exec} ({use.execution}) {_action(use)}"


def _action(use: Use) -> str:
    """What was done with a file, and when."""
    verb = {
        "written": "wrote it",
        "read": "read it",
        "data": f"used it as {use.kind} data {use.part}",
    }.get(use.mode, use.mode)
    by = f", by {use.callback}" if use.callback else ""
    epoch = "" if use.epoch is None else f" after epoch {use.epoch}"
    sampled = "" if use.hash_kind in (None, "whole") else f" (compared by samples: {use.hash_kind})"
    when = "" if use.when is None else f" on {use.when:%Y-%m-%d %H:%M:%S} UTC"
    return f"{verb}{epoch}{by}{when}{sampled}"


def _tree(found: FileOrigin, name: str) -> Tree:
    tree = _node(f"{name}: {found.size} bytes, SHA-256 {found.sha256}")
    for fingerprint in found.fingerprints:
        _add(tree, f"{fingerprint.part or 'data'}: {fingerprint.hash}, {fingerprint.kind}")
    newest = [*reversed(found.writers), *reversed(found.readers)]
    for uses in _shown(tree, _by_execution(newest), EXECUTIONS_SHOWN):
        _add_execution(_add_uses(tree, found, uses), found, uses[0].df_exec)
    if not found.uses:
        _add(tree, "no execution wrote or read this content")
    if found.before:
        earlier = _add(tree, "at this path, with another content")
        for uses in _shown(earlier, _by_execution(reversed(found.before)), EXECUTIONS_SHOWN):
            _add_uses(earlier, found, uses)
    for part in found.parts:
        tree.add(_tree(part, part.path.name))
    return tree


def _by_execution(uses: Iterable[Use]) -> list[list[Use]]:
    """The uses of each execution, in the order of its first one."""
    found: dict[int, list[Use]] = {}
    for use in uses:
        found.setdefault(use.df_exec, []).append(use)
    return list(found.values())


def _shown(tree: Tree, listed: Sequence[T], count: int) -> Iterator[T]:
    """The first ones of a list, and then a word in the tree if there are more."""
    yield from listed[:count]
    if len(listed) > count:
        _add(tree, f"… and {len(listed) - count} more; --json has them all")


def _add_uses(tree: Tree, found: FileOrigin, uses: Sequence[Use]) -> Tree:
    """Add an execution with all that it did with the file, what it wrote here first."""
    here = str(found.path)
    first, *others = sorted(uses, key=lambda use: (use.mode != "written", use.path != here))
    node = _add(tree, f"{use_line(first)}{_place(found, first)}")
    lines = dict.fromkeys(f"and {_action(use)}{_place(found, use)}" for use in others)
    for line in _shown(node, list(lines), USES_SHOWN):
        _add(node, line)
    return node


def _place(found: FileOrigin, use: Use) -> str:
    """The path that the file had then, if it was another one."""
    return "" if use.path in (None, str(found.path)) else f", as {use.path}"


def _add_execution(node: Tree, found: FileOrigin, id_: int) -> None:
    facts = found.executions.get(id_)
    if facts is None:
        return
    _add_facts(node, facts)
    for title, relatives in (
        ("derived from", found.ancestors.get(id_)),
        ("what came of it", found.descendants.get(id_)),
    ):
        if relatives is not None and relatives.relatives:
            _add_relatives(_add(node, title), relatives)


def _add_facts(node: Tree, facts: ExecutionFacts) -> None:
    metrics = "".join(f", {name} {_number(value)}" for name, value in facts.metrics.items())
    epochs = f"{facts.epochs} epoch{'s' * (facts.epochs != 1)}"
    _add(node, f"dataflow {facts.dataflow}, {facts.status}, {epochs}{metrics}")
    if facts.configuration:
        values = ", ".join(f"{name} {value}" for name, value in facts.configuration.items())
        _add(node, f"configuration: {values}")
    for row in facts.data:
        digest = row.hash or "no hash"
        kind = f", {row.hash_kind}" if row.hash_kind else ""
        shape = f" {row.shape} {row.dtype}" if row.shape else ""
        _add(node, f"{row.role} data {row.name}{shape}: {digest}{kind}")
    if facts.tests:
        tests = ", ".join(f"{name} {_number(value)}" for name, value in facts.tests.items())
        _add(node, f"tested: {tests}")
    if facts.commit:
        dirty = ", with changes that were not committed" if facts.is_dirty else ""
        url = f" ({facts.commit_url})" if facts.commit_url else ""
        _add(node, f"commit {facts.commit}{dirty}{url}")
    if facts.environment:
        _add(node, f"environment: {facts.environment}")


def _add_relatives(node: Tree, of: Relative) -> None:
    for relative in of.relatives:
        through = "" if relative.through is None else f" through {relative.through}"
        id_ = "" if relative.df_exec is None else f" {relative.df_exec}"
        files = ", ".join(relative.wrote[:FILES_SHOWN])
        more = ", …" if len(relative.wrote) > FILES_SHOWN else ""
        wrote = f", which wrote {files}{more}" if files else ""
        child = _add(node, f"execution{id_} ({relative.execution}){through}{wrote}")
        _add_relatives(child, relative)
    if of.more:
        _add(node, f"… and {of.more} more")


def _number(value: float | None) -> str:
    return "null" if value is None else f"{value:.4g}"


def _node(text: str) -> Tree:
    return Tree(Text(terminal_line(text)))


def _add(tree: Tree, text: str) -> Tree:
    return tree.add(Text(terminal_line(text)))

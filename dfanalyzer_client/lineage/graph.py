"""The graph of lineage: data, models, tests and executions, joined by what they have in common.

Files and data are recognized by the hash of their content, so a graph goes on from one dataflow to
another. Epochs are folded into their executions, and files that only one execution knows into one
node.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from ..errors import DefinitionError, UnknownTagError
from ..store.connection import Connection
from ..store.reading import Catalogue
from .facts import facts_of
from .graph_nodes import data_node, execution_node, files_node, tests_node, unknown_node
from .graph_parts import (
    DATA,
    DERIVED,
    EXECUTION,
    FILES,
    GENERATED,
    INFORMED,
    SAID,
    TESTS,
    USED,
    Edge,
    LineageGraph,
    Node,
)
from .graph_rows import DataUse, data_of, dataflows_of, tests_of
from .graph_starts import Start, start_of
from .graph_walk import AFTER, ALL, BEFORE, BOTH, walk
from .relatives import said_parents
from .uses import Use, check_contents, uses_of

__all__ = ["HIDABLE", "graph_with"]

HIDABLE = (DATA, FILES, TESTS, SAID)
"""What can be left out of a graph."""

DEPTH = 2


def graph_with(
    connection: Connection,
    run: str | int | None = None,
    *,
    file: str | None = None,
    depth: int = DEPTH,
    direction: str = BOTH,
    hide: Collection[str] = (),
) -> LineageGraph:
    """What an execution, a file or data came from, and what came of it.

    Args:
        connection: to the database.
        run: an execution: its id, its tag, the beginning of its tag, or ``last``.
        file: begins at a file or data instead: its path, name or SHA-256 as it was recorded.
        depth: how many steps of derivation are followed.
        direction: ``before``, ``after``, ``both``, or ``all``, which also has other executions with
            the same data.
        hide: kinds that are left out: ``data``, ``files``, ``tests``, or ``said``, derivations that
            programs recorded.

    Raises:
        UnknownTagError: there is no such execution or file.
        DefinitionError: the depth, the direction or a kind is none of these.
        RefusedError: the catalogue does not know the contents of files.
    """
    for kind in hide:
        if kind not in HIDABLE:
            raise DefinitionError(
                f"What is hidden must be of {', '.join(HIDABLE)}. Received: {kind!r:.100}."
            )
    with connection.transaction():
        catalogue = Catalogue(connection)
        if not catalogue.exists:
            raise UnknownTagError("The database is empty: nothing was trained yet.")
        check_contents(catalogue)
        start = start_of(connection, run, file)
        reached = walk(connection, start.ids, depth, direction)
        graph = _Builder(connection, start, reached.ids).built(hide)
    kept = _kept(graph, direction, hide)
    graph.nodes = [node for node in graph.nodes if node.id in kept]
    graph.edges = [edge for edge in graph.edges if {edge.source, edge.target} <= kept]
    graph.more = reached.more
    return graph


class _Builder:
    """Puts together the graph of some executions."""

    def __init__(self, connection: Connection, start: Start, ids: Sequence[int]) -> None:
        self._connection, self._start = connection, start
        self._facts = facts_of(connection, ids)
        self._ids = [id_ for id_ in ids if id_ in self._facts]
        self._graph = LineageGraph()

    def built(self, hide: Collection[str]) -> LineageGraph:
        """The whole graph of them, but for what is hidden."""
        for id_ in self._ids:
            is_start = self._start.content is None and id_ in self._start.ids
            self._graph.nodes.append(execution_node(self._facts[id_], is_start=is_start))
        if SAID not in hide:
            self._add_said()
        self._add_files(folded=FILES in hide)
        if DATA not in hide or TESTS not in hide:
            data = data_of(self._connection, dataflows_of(self._connection, self._ids))
            if TESTS not in hide:
                self._add_tests()
            if DATA not in hide:
                self._add_data([each for each in data if TESTS not in hide or not each.in_test])
        return self._graph

    def _add_files(self, *, folded: bool) -> None:
        """Files; if `folded`, edges between executions in their place."""
        for group in _groups(uses_of(self._connection, self._ids), self._start.content):
            node = files_node(group, is_start=self._start.content == group[0].sha256)
            wrote = list(dict.fromkeys(use.df_exec for use in group if use.mode == "written"))
            read = [use.df_exec for use in group if use.mode != "written"]
            readers = [id_ for id_ in dict.fromkeys(read) if id_ not in wrote]
            self._derive_through(wrote, readers, node.title, shown=folded and not node.is_start)
            if folded and not node.is_start:
                continue
            self._graph.nodes.append(node)
            self._join(wrote, node.id, GENERATED)
            for id_ in readers:
                self._graph.edges.append(Edge(node.id, _execution(id_), USED))

    def _derive_through(
        self, wrote: Sequence[int], readers: Sequence[int], name: str, *, shown: bool
    ) -> None:
        """Where a file leads from one execution to another, what programs said adds nothing."""
        pairs = {(_execution(a), _execution(b)) for a in wrote for b in readers}
        self._graph.edges = [
            edge
            for edge in self._graph.edges
            if edge.relation != DERIVED or edge.label or (edge.source, edge.target) not in pairs
        ]
        if shown:
            self._graph.edges += [Edge(a, b, DERIVED, name) for a, b in sorted(pairs)]

    def _add_said(self) -> None:
        unknown: dict[str, Node] = {}
        rows = said_parents(self._connection, self._ids) if self._ids else []
        for id_, parent, tag, *_ in rows:
            if parent is None:
                node = unknown.setdefault(tag, unknown_node(tag))
                self._graph.edges.append(Edge(node.id, _execution(id_), DERIVED))
            elif parent in self._facts and parent != id_:
                self._graph.edges.append(Edge(_execution(parent), _execution(id_), DERIVED))
        self._graph.nodes += unknown.values()

    def _add_tests(self) -> None:
        for id_, count in tests_of(self._connection, self._ids).items():
            node = tests_node(self._facts[id_], count)
            self._graph.nodes.append(node)
            self._graph.edges.append(Edge(_execution(id_), node.id, INFORMED))

    def _add_data(self, rows: Iterable[DataUse]) -> None:
        """Parts of data that the same executions used in the same way are one node."""
        by_hash: dict[str, list[DataUse]] = {}
        for row in rows:
            key = row.data.hash or f"{row.df_exec} {row.data.role} {row.data.name}"
            by_hash.setdefault(key, []).append(row)
        groups: dict[object, list[DataUse]] = {}
        for uses in by_hash.values():
            key_of = frozenset((use.df_exec, use.in_test, use.data.role) for use in uses)
            groups.setdefault(key_of, []).extend(uses)
        for group in groups.values():
            node = data_node(group, self._start.content)
            self._graph.nodes.append(node)
            uses_of_node = dict.fromkeys((use.df_exec, use.in_test, use.data.role) for use in group)
            has_one_role = len({role for *_, role in uses_of_node}) == 1  # the node's title has it
            for id_, in_test, role in uses_of_node:
                target = f"{TESTS}:{id_}" if in_test else _execution(id_)
                label = "" if has_one_role else role
                self._graph.edges.append(Edge(node.id, target, USED, label))

    def _join(self, ids: Sequence[int], target: str, relation: str) -> None:
        self._graph.edges += [Edge(_execution(id_), target, relation) for id_ in ids]


def _execution(id_: int) -> str:
    return f"{EXECUTION}:{id_}"


def _groups(uses: Iterable[Use], start: str | None) -> list[list[Use]]:
    """Uses of files, those together that the same executions wrote and read."""
    by_content: dict[str | None, list[Use]] = {}
    for use in uses:
        by_content.setdefault(use.sha256, []).append(use)
    groups: dict[object, list[Use]] = {}
    for content, of_content in by_content.items():
        known_by = frozenset((use.df_exec, use.mode, use.kind) for use in of_content)
        alone = content if content == start or len({id_ for id_, *_ in known_by}) > 1 else None
        groups.setdefault((known_by, alone), []).extend(of_content)
    return list(groups.values())


def _kept(graph: LineageGraph, direction: str, hide: Collection[str]) -> set[str]:
    """The ids of the nodes that lead to the start, or come of it, as the direction says."""
    starts = {node.id for node in graph.nodes if node.is_start}
    if direction == ALL or not starts:
        return {node.id for node in graph.nodes}
    kept = set(starts)
    if direction != AFTER:
        kept |= _reachable(starts, graph.edges, lambda edge: (edge.target, edge.source))
    if direction != BEFORE:
        kept |= _reachable(starts, graph.edges, lambda edge: (edge.source, edge.target))
    if TESTS in hide or direction == AFTER:
        return kept
    tests = {edge.target for edge in graph.edges if edge.relation == INFORMED} & {
        edge.target for edge in graph.edges if edge.source in kept
    }
    return kept | tests | {edge.source for edge in graph.edges if edge.target in tests}


def _reachable(
    starts: set[str], edges: Iterable[Edge], ends: Callable[[Edge], tuple[str, str]]
) -> set[str]:
    nexts: dict[str, list[str]] = {}
    for here, there in map(ends, edges):
        nexts.setdefault(here, []).append(there)
    found, queue = set(starts), list(starts)
    while queue:
        for each in nexts.get(queue.pop(), ()):
            if each not in found:
                found.add(each)
                queue.append(each)
    return found

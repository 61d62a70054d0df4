"""Find paths between sets of a dataflow: pure functions of its layout."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..declarations.sets import named
from ..errors import UnknownTagError
from ..store.layout import DataflowLayout

__all__ = ["Step", "fragment"]


class Step(NamedTuple):
    """A transformation that read one set and wrote another."""

    source: str
    transformation: str
    target: str


def fragment(
    layout: DataflowLayout,
    sources: Sequence[str],
    targets: Sequence[str],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> tuple[list[str], list[Step]]:
    """The sets on the shortest paths from `sources` to `targets`, and the steps that join them.

    Between a source and a target, we take the shortest of the paths that pass the most sets of
    `include`. No path passes a set of `exclude`. Every set comes after one that it is joined with.

    Raises:
        UnknownTagError: a set does not exist, no path leads from a source, to a target or through
            an included set, or the paths are not connected.
    """
    requested = {"source": sources, "target": targets, "include": include, "exclude": exclude}
    known = {what: _checked(layout, tags) for what, tags in requested.items()}
    for what in ("source", "target"):
        if not known[what]:
            raise UnknownTagError(
                f"A query names at least one {what} set of {layout.tag!r}: {named(layout.sets)}."
            )
    paths = _paths(layout, known["source"], known["target"], known["include"], known["exclude"])
    _check_all_reached(layout, known, paths)
    return _joined(layout, paths)


def _paths(
    layout: DataflowLayout,
    sources: list[str],
    targets: list[str],
    include: list[str],
    exclude: list[str],
) -> list[tuple[str, list[Step]]]:
    """Sources with the steps to a target, for all pairs that a path connects."""
    found = []
    for source in sources:
        for target in targets:
            steps = _shortest(layout, source, target, include, exclude)
            if steps is not None:
                found.append((source, steps))
    return found


def _shortest(
    layout: DataflowLayout, source: str, target: str, include: list[str], exclude: list[str]
) -> list[Step] | None:
    """Breadth-first search over pairs of a set and the included sets passed so far."""
    if {source, target} & set(exclude):
        return None
    start = source, frozenset({source} & set(include))
    paths: dict[tuple[str, frozenset[str]], list[Step]] = {start: []}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for step in _steps_from(layout, here[0]):
            passed = here[1] | ({step.target} & set(include))
            there = step.target, frozenset(passed)
            if step.target not in exclude and there not in paths:
                paths[there] = [*paths[here], step]
                queue.append(there)
    ends = [state for state in paths if state[0] == target]
    if not ends:
        return None
    return paths[max(ends, key=lambda state: (len(state[1]), -len(paths[state])))]


def _steps_from(layout: DataflowLayout, source: str) -> Iterator[Step]:
    for transformation in layout.sets[source].consumers:
        for tag, known_set in layout.sets.items():
            if transformation in known_set.producers and tag != source:
                yield Step(source, transformation, tag)


def _checked(layout: DataflowLayout, tags: Iterable[str]) -> list[str]:
    found = []
    for tag in tags:
        if tag.lower() not in layout.sets:
            raise UnknownTagError(
                f"Dataflow {layout.tag!r} has no set {tag!r}. Expected one of {named(layout.sets)}."
            )
        found.append(tag.lower())
    return list(dict.fromkeys(found))


def _check_all_reached(
    layout: DataflowLayout, known: dict[str, list[str]], paths: list[tuple[str, list[Step]]]
) -> None:
    without = f" without {named(known['exclude'])}" if known["exclude"] else ""
    passed = {tag for source, steps in paths for tag in (source, *(step.target for step in steps))}
    ends = {steps[-1].target if steps else source for source, steps in paths}
    for what, reached in (("source", {source for source, _ in paths}), ("target", ends)):
        missing = [tag for tag in known[what] if tag not in reached]
        if missing:
            raise UnknownTagError(
                f"In dataflow {layout.tag!r} no path leads from {named(known['source'])} to "
                f"{named(known['target'])}{without}: {what} {named(missing)} is cut off."
            )
    missing = [tag for tag in known["include"] if tag not in passed]
    if missing:
        raise UnknownTagError(
            f"In dataflow {layout.tag!r} no path from {named(known['source'])} to "
            f"{named(known['target'])}{without} passes {named(missing)}."
        )


def _joined(
    layout: DataflowLayout, paths: list[tuple[str, list[Step]]]
) -> tuple[list[str], list[Step]]:
    """The sets, ordered so that every set after the first shares a step with one before it."""
    steps = list(dict.fromkeys(step for _, path in paths for step in path))
    sets, left = [paths[0][0]], list(steps)
    ordered: list[Step] = []
    while left:
        touching = [s for s in left if s.source in sets or s.target in sets]
        if not touching:
            break
        step = touching[0]
        left.remove(step)
        ordered.append(step)
        sets += [tag for tag in (step.source, step.target) if tag not in sets]
    disconnected = [source for source, _ in paths if source not in sets]
    if left or disconnected:
        raise UnknownTagError(
            f"In dataflow {layout.tag!r} the paths from {named(sorted({s for s, _ in paths}))} are "
            "not connected, so their rows do not belong together: query them one after the other."
        )
    return sets, ordered

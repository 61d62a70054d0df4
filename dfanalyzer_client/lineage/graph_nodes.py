"""Nodes of a graph of lineage, with what there is to say of them: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from ..declarations.erasures import ERASED
from .facts import ExecutionFacts
from .graph_parts import DATA, EXECUTION, FILES, TESTS, UNKNOWN, Node
from .graph_rows import DataUse
from .uses import Use

__all__ = ["data_node", "execution_node", "files_node", "tests_node", "unknown_node"]

NAMED = 20
"""So many files of a node are named."""


def execution_node(facts: ExecutionFacts, *, is_start: bool) -> Node:
    """An execution with its epochs."""
    measured = next(iter(facts.metrics.items()), None)
    loss = "" if measured is None or measured[1] is None else f", {measured[0]} {measured[1]:.4g}"
    environment = {"environment": facts.environment} if facts.environment else {}
    return Node(
        f"{EXECUTION}:{facts.id}",
        EXECUTION,
        f"{facts.dataflow} #{facts.id}",
        f"{facts.epochs} epochs{loss}" if facts.epochs else facts.status.lower(),
        {
            "execution": facts.execution,
            "dataflow": facts.dataflow,
            "began (UTC)": facts.began,
            "epochs": facts.epochs,
            **facts.metrics,
            **facts.configuration,
            **_commit(facts),
            **environment,
        },
        facts.execution,
        facts.status,
        is_start=is_start,
    )


def _commit(facts: ExecutionFacts) -> dict[str, str]:
    if not facts.commit:
        return {}
    return {"commit": facts.commit + (" with changes" if facts.is_dirty else "")}


def tests_node(facts: ExecutionFacts, count: int) -> Node:
    """All tests of an execution, with the last value of each metric."""
    first = next(((name, value) for name, value in facts.tests.items() if value is not None), None)
    return Node(
        f"{TESTS}:{facts.id}",
        TESTS,
        "test" if count == 1 else f"{count} tests",
        "" if first is None else f"{first[0]} {first[1]:.4g}",
        {"execution": facts.execution, "tests": count, **facts.tests},
        facts.execution,
    )


def files_node(uses: Sequence[Use], *, is_start: bool) -> Node:
    """A file, or several that the same executions wrote or read."""
    by_readers = sorted(uses, key=lambda use: use.mode == "written")
    names = list(dict.fromkeys(PurePath(use.path or "").name for use in by_readers))
    contents = list(dict.fromkeys(use.sha256 for use in uses if use.sha256))
    kinds = list(dict.fromkeys(use.kind for use in uses if use.kind))
    kind = " and ".join(kinds) or "file"
    facts: dict[str, object] = {"kind": kind}
    if len(contents) == 1:
        title, detail = names[0], kind + (f", also {names[1]}" if names[1:] else "")
        facts |= {"SHA-256": contents[0], "path": _joined([use.path or "" for use in uses])}
        written = next((use for use in uses if use.mode == "written"), None)
        if written is not None:
            facts |= _writing(written)
    else:
        title = names[0] if len(names) == 1 else f"{len(names)} files"
        detail = f"{kind}, {len(contents)} contents"
        facts |= {"contents": len(contents), "names": _joined(names)}
    return Node(
        f"{FILES}:{contents[0][:16]}",
        FILES,
        title,
        detail,
        facts,
        contents=contents[:NAMED],
        is_start=is_start,
    )


def _writing(use: Use) -> dict[str, object]:
    found: dict[str, object] = {"written (UTC)": use.when}
    if use.epoch is not None:
        found["after epoch"] = use.epoch
    if use.callback:
        found["by"] = use.callback
    return found


def data_node(uses: Sequence[DataUse], start: str | None) -> Node:
    """Data, of which the same executions used all parts in the same way."""
    parts = list(dict.fromkeys(use.data for use in uses))
    roles = list(dict.fromkeys(part.role for part in parts))
    names = list(dict.fromkeys(part.name for part in parts))
    first = parts[0]
    shape = f"{first.shape} {first.dtype or ''}".strip() if first.shape else ""
    hashes = list(dict.fromkeys(part.hash for part in parts if part.hash))
    facts: dict[str, object] = {}
    for part in parts:
        whole = "no hash" if part.hash is None else f"{part.hash}, {part.hash_kind}"
        form = f"{part.shape} {part.dtype}, " if part.shape else ""
        facts[f"{part.role} {part.name}"] = form + whole
    key = hashes[0].partition(":")[2][:16] if hashes else f"{uses[0].df_exec}-{first.name}"
    return Node(
        f"{DATA}:{key}-{'-'.join(roles)}",
        DATA,
        f"{' and '.join(roles)} data {_joined(names)}",
        shape,
        facts,
        contents=hashes[:NAMED],
        is_start=start in hashes,
    )


def unknown_node(tag: str) -> Node:
    """An execution that something was derived from, and that is not here."""
    if tag == ERASED:
        return Node(f"{UNKNOWN}:", UNKNOWN, "erased", "an execution that was erased")
    return Node(f"{UNKNOWN}:{tag}", UNKNOWN, tag, "not in this database", {"execution": tag}, tag)


def _joined(names: Sequence[str]) -> str:
    different = list(dict.fromkeys(names))
    more = f" and {len(different) - NAMED} more" if len(different) > NAMED else ""
    return ", ".join(different[:NAMED]) + more

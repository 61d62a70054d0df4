"""A picture of an execution's provenance as a diagram of Mermaid, which forges draw."""

from __future__ import annotations

from collections.abc import Iterator

from ._facts import Facts
from ._texts import mermaid

__all__ = ["figure"]

MOST_NODES = 6
"""So many of one kind are drawn; more are one node."""

DIGITS = 12


def figure(facts: Facts) -> str:
    """Data, origins and trainings, tests and files, and how they lead to each other."""
    lines = ["flowchart LR", *_nodes(facts)]
    return "```mermaid\n" + "".join(f"{line}\n" for line in lines) + "```\n"


def _nodes(facts: Facts) -> Iterator[str]:
    status = mermaid(facts.summary.status)
    yield f'  run["{mermaid(facts.dataflow)}<br/>{mermaid(facts.tag, 80)}<br/>{status}"]'
    for number, tag in enumerate(facts.record.derived_from[:MOST_NODES], 1):
        yield f'  before{number}["{mermaid(tag, 80)}"] -->|continued by| run'
    yield from _group(
        "data",
        [f"{each.role} {each.name} {_short(each.values.get('hash'))}" for each in facts.data],
        "--> run",
    )
    yield from _group("read", [_file(f.name, f.sha256) for f in facts.loaded], "--> run")
    yield from _group("source", [_file(f.name, f.sha256) for f in facts.sources], "--> run")
    trained = [
        f"training {each.number}: {each.epochs} epoch{'s' * (each.epochs != 1)}, {each.task.status}"
        for each in facts.trainings
    ]
    yield from _group("training", trained, "", "run --> ")
    changes = len(facts.changes)
    if changes and facts.trainings:
        yield f'  changes(["{changes} adaptation{"s" * (changes != 1)}"]) --> run'
    tested = [f"test {each.number}" for each in facts.tests]
    yield from _group("test", tested, "", "run --> ")
    yield from _group("file", [_file(f.name, f.sha256) for f in facts.written], "", "run --> ")


def _group(kind: str, labels: list[str], after: str, before: str = "") -> Iterator[str]:
    """A node for each of few labels, or one for all of many."""
    shown = labels if len(labels) <= MOST_NODES else [f"{len(labels)} × {kind}"]
    for number, label in enumerate(shown, 1):
        yield f'  {before}{kind}{number}["{mermaid(label, 80)}"] {after}'.rstrip()


def _file(name: str, sha256: str | None) -> str:
    return f"{name} {_short(sha256)}"


def _short(digest: object) -> str:
    text = str(digest or "").removeprefix("sha256:")
    return f"{text[:DIGITS]}…" if len(text) > DIGITS else text

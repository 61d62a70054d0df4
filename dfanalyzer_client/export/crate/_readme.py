"""The crate's README.md: what is inside, and what is missing and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ._labels import Run

__all__ = ["Notes", "readme"]


@dataclass
class Notes:
    """What is inside, by path, and what is not, as sentences."""

    inside: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def readme(run: Run, notes: Notes, sentences: Sequence[str]) -> str:
    """The text, in Markdown."""
    summary = run.summary
    lines = [f"# {summary.tag}", "", *(_wrapped(sentence) for sentence in sentences), ""]
    lines += ["## Inside", ""]
    lines += [f"- `{path}`: {_wrapped(text)}" for path, text in notes.inside]
    lines += ["- `ro-crate-metadata.json`: what all of it is, as a Provenance Run Crate.", ""]
    if notes.missing:
        lines += ["## Missing", "", *(f"- {_wrapped(note)}" for note in notes.missing), ""]
    return "\n".join(lines)


def _wrapped(text: str) -> str:
    """A text in one line."""
    return " ".join(text.split())

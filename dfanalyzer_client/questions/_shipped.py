"""The questions that are installed: those of the paper, and those of its grid."""

from __future__ import annotations

from pathlib import Path

from ._question import Question

__all__ = ["shipped_questions"]


def shipped_questions() -> list[Question]:
    """The questions of the paper and its grid; the letter before a file's name orders them."""
    paths = sorted(Path(__file__).parent.glob("*.sql"))
    return [
        Question(path.stem.partition("_")[2], path.read_text(encoding="utf-8")) for path in paths
    ]

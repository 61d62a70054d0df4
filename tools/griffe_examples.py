"""Prepares docstrings for the site's API pages, as Griffe and Markdown expect them."""

from __future__ import annotations

import re
from typing import Any

import griffe

__all__ = ["ExampleSections"]


class ExampleSections(griffe.Extension):
    """Renames sections called ``Example:``, which Griffe knows only as ``Examples:``.

    A line with two colons, which begins a block of code in reStructuredText, is dropped: the block
    is indented, which is enough for Markdown.
    """

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the text of one docstring before it is parsed."""
        if obj.docstring is not None:
            text = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)
            obj.docstring.value = re.sub(r"(?m)^::\n", "", text)

"""For the site's API pages: an ``Example:`` in a docstring is a session, as ``Examples:`` is."""

from __future__ import annotations

import re
from typing import Any

import griffe

__all__ = ["ExampleSections"]


class ExampleSections(griffe.Extension):
    """Renames the section, which Griffe knows in the plural alone."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the text of one docstring before it is read."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)

"""What ``keras-prov run`` does once the script has imported Keras: capture every model."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from dfanalyzer_client import settings
from dfanalyzer_client.errors import DfAnalyzerError

from ._consent import capture_here
from ._keys import choice_of_text, everything

__all__ = ["capture_all"]


def capture_all(
    text: str | None, dataflow_tag: str | None, adaptation: bool | None, store: str | None
) -> None:
    """Capture from here on what the command's options say, else the settings, else everything.

    Raises:
        SystemExit: with 2, after a line on stderr that says what cannot be.
    """
    try:
        hyps: Mapping[str, bool | float] | None = None
        if text is not None:
            hyps = choice_of_text(text)
        elif settings.capture()[0] is None:
            hyps = everything()
        capture_here(dataflow_tag, hyps, (), None, adaptation, store)
    except (DfAnalyzerError, ImportError, TypeError, ValueError) as error:
        sys.stderr.write(f"Error: {error}\n")
        raise SystemExit(2) from None

"""What ``keras-prov run`` does once the script has imported Keras: capture every model.

A script that has trained and tested nothing that we see leaves an execution all the same: what it
ran in, how it ended, and the files of its models.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from dfanalyzer_client.config import settings
from dfanalyzer_client.errors import DfAnalyzerError

from ._artifacts.model_files import file_facts, keep_unclaimed, unclaimed_files
from ._capture.choice import choice_of_text
from ._capture.keys import everything
from ._capture.requests import Capture, capture_in_process
from ._environment.collect import environment
from ._guard import guarded
from ._recording.execution import Execution, utc_now

__all__ = ["capture_all", "script_ended"]

_capturing: tuple[Capture, str] | None = None
"""The capture of `capture_all`, and when it began."""


def capture_all(
    text: str | None, dataflow_tag: str | None, adaptation: bool | None, store: str | None
) -> None:
    """Capture from here on what the command's options say, else the settings, else everything.

    Raises:
        SystemExit: with 2, after a line on stderr that says what cannot be.
    """
    global _capturing
    try:
        hyps: Mapping[str, bool | float] | None = None
        if text is not None:
            hyps = choice_of_text(text)
        elif settings.capture()[0] is None:
            hyps = everything()
        handle = capture_in_process(dataflow_tag, hyps, (), None, adaptation, store)
        _capturing = handle, utc_now()
        keep_unclaimed()
    except (DfAnalyzerError, ImportError, TypeError, ValueError) as error:
        sys.stderr.write(f"Error: {error}\n")
        raise SystemExit(2) from None


def script_ended(script: str, error: BaseException | str | None) -> str | None:
    """Record a script in which nothing was seen to be trained or tested.

    Args:
        script: its file.
        error: what it ended with; None if that was well.

    Returns:
        A line for its user; None where it left executions already, or capture never began.
    """
    if _capturing is None or Execution.tasks:
        return None
    with guarded("the end of a script", lost="that it ran"):
        handle, began = _capturing
        execution = Execution(handle.config)
        rows = environment() if handle.config.choice.environment else []
        for fact, mode in unclaimed_files():
            execution.record_file(fact, mode)
        execution.record_script(next(file_facts(script, "script")), began, rows, error)
        return (
            f"keras-prov: no fit() or evaluate() of a Keras model was seen in {Path(script).name}, "
            f"so execution {execution.tag} has neither epochs nor metrics. What is captured is "
            "model.fit(…); a training loop of your own is not seen."
        )
    return None

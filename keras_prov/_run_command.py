"""What ``keras-prov run`` does once the script has imported Keras: capture every model.

Even a script without a `fit()` or `evaluate()` is recorded as an execution: its environment, how it
ended, and the files of its models.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from dfanalyzer_client.config import settings
from dfanalyzer_client.errors import DfAnalyzerError
from dfanalyzer_client.support.clock import utc_now

from ._artifacts.model_files import file_facts, keep_unclaimed, unclaimed_files
from ._capture.choice import choice_of_text
from ._capture.keys import everything
from ._capture.replicas import has_left_out
from ._capture.requests import Capture, capture_in_process
from ._guard import guarded
from ._loops.sessions import end_all_sessions
from ._recording.execution import Execution
from ._training.inputs import environment_rows

__all__ = ["capture_all", "script_ended"]

_capturing: tuple[Capture, str] | None = None
"""The capture that `capture_all` has started, and when."""


def capture_all(
    text: str | None,
    dataflow_tag: str | None,
    adaptation: bool | None,
    store: str | None,
    steering: bool | None = None,
) -> None:
    """Capture from now on what the command's options say, else the settings, else everything.

    Raises:
        SystemExit: with 2, after a line on stderr that says what is wrong.
    """
    global _capturing
    try:
        hyps: Mapping[str, bool | float] | None = None
        if text is not None:
            hyps = choice_of_text(text)
        elif settings.capture()[0] is None:
            hyps = everything()
        handle = capture_in_process(
            dataflow_tag, hyps, (), None, adaptation, store, steering=steering
        )
        _capturing = handle, utc_now()
        keep_unclaimed()
    except (DfAnalyzerError, ImportError, TypeError, ValueError) as error:
        sys.stderr.write(f"Error: {error}\n")
        raise SystemExit(2) from None


def script_ended(script: str, error: BaseException | str | None) -> str | None:
    """Record a script in which no training and no test was captured.

    Args:
        script: its file.
        error: what it ended with; None if it ended well.

    Returns:
        A line for the user; None if the script has executions already, or was not captured.
    """
    with guarded("the end of a script", lost="how train_on_batch() ended"):
        end_all_sessions(error)
    if _capturing is None or Execution.tasks or has_left_out():
        return None
    with guarded("the end of a script", lost="that it ran"):
        handle, began = _capturing
        execution = Execution(handle.config)
        rows = environment_rows() if handle.config.choice.environment else []
        for fact, mode in unclaimed_files():
            execution.record_file(fact, mode)
        execution.record_script(next(file_facts(script, "script")), began, rows, error)
        return (
            f"keras-prov: {Path(script).name} called no fit(), train_on_batch() or evaluate() of a "
            f"Keras model, so execution {execution.tag} has neither epochs nor metrics. Put a "
            "training loop of your own into `with keras_prov.training(model) as run:`, with "
            "`run.epoch(loss=…)` at the end of each epoch."
        )
    return None

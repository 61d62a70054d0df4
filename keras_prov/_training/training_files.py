"""The files that one training has written, and the trained model itself."""

from __future__ import annotations

from dfanalyzer_client.file import WRITTEN
from dfanalyzer_client.support.forks import fork_lock

from .._artifacts.callback_files import CallbackFiles
from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._recording.execution import Execution

__all__ = ["TrainingFiles"]


class TrainingFiles:
    """Records the files of one training once it has ended.

    Args:
        execution: where to record.
        fit_call: the model that is fitted and the arguments of `fit`.
    """

    def __init__(self, execution: Execution, fit_call: FitCall) -> None:
        self._execution, self._fit_call = execution, fit_call
        self._files = CallbackFiles(fit_call.callbacks)

    def record_written(self) -> None:
        """Record what the user's callbacks have written."""
        for fact in self._files.written():
            self._execution.record_file(fact, WRITTEN)

    def store_model(self) -> None:
        """Store each trained model, if that was asked for."""
        if not self._execution.config.choice.model:
            return
        with guarded("storing the trained model", lost="the trained model"):
            with fork_lock():
                from .._artifacts.stored_model import stored_model

            for model in self._fit_call.models:
                self._execution.record_file(stored_model(model), WRITTEN)

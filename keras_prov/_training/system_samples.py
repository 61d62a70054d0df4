"""Samples of the system during a training, as rows."""

from __future__ import annotations

from collections.abc import Mapping

import dfanalyzer_client.keras_schema as tags
from dfanalyzer_client.delivery.row_stream import RowStream

from .._environment.system_sampler import SystemSampler
from .._recording.dataflow import COLUMNS
from .._recording.execution import utc_now

__all__ = ["SystemSamples"]


class SystemSamples:
    """Says a row for each sample, from the sampler's thread, until `stop()`."""

    def __init__(self, seconds: float, stream: RowStream) -> None:
        self._stream = stream
        _, *self._names = COLUMNS[tags.SYSTEM_METRICS]
        self._sampler = SystemSampler(seconds, self._say)
        self._sampler.start()

    def stop(self) -> None:
        """Take a last sample and end the thread."""
        self._sampler.stop()

    def _say(self, sample: Mapping[str, float | str | None]) -> None:
        self._stream.send([utc_now(), *(sample.get(name) for name in self._names)])

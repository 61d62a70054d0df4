"""Samples of the system during a training, as rows."""

from __future__ import annotations

from collections.abc import Mapping

from dfanalyzer_client.delivery.row_stream import RowStream
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.support.clock import utc_now

from .._environment.system_sampler import SystemSampler

__all__ = ["SystemSamples"]

COLUMNS = SETS[tags.SYSTEM_METRICS].names


class SystemSamples:
    """Sends a row for every sample, from the sampler's thread, until `stop()`."""

    def __init__(self, seconds: float, stream: RowStream) -> None:
        self._stream = stream
        self._sampler = SystemSampler(seconds, self._send)
        self._sampler.start()

    def stop(self) -> None:
        """Take a last sample and end the thread."""
        self._sampler.stop()

    def _send(self, sample: Mapping[str, float | str | None]) -> None:
        row = {**sample, tags.SAMPLED: utc_now()}
        self._stream.send([row.get(name) for name in COLUMNS])

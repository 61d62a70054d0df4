"""Executions as OpenLineage events, which Marquez and data catalogues read.

docs/how-to/openlineage.md describes the mapping. They need the extra ``openlineage``.
"""

from __future__ import annotations

from ._api import NAMESPACE, event_lines, send_events

__all__ = ["NAMESPACE", "event_lines", "send_events"]

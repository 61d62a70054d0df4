"""Durations as texts for people."""

from __future__ import annotations

__all__ = ["duration"]


def duration(seconds: float | None) -> str:
    """Seconds as a text for people."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"

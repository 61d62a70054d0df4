"""An error as one text."""

from __future__ import annotations

__all__ = ["error_text"]


def error_text(error: BaseException) -> str:
    """Type and message of an error, even if its message cannot be made."""
    try:
        message = str(error)
    except Exception as broken:
        message = f"(its message cannot be made: {type(broken).__name__})"
    name = type(error).__name__
    return f"{name}: {message}" if message else name

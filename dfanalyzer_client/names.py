"""Where older scripts import `original_text` from."""

from .declarations.names import original_text

__all__ = ["original_text"]

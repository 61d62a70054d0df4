"""Where older scripts import `write_crate` from."""

from .export.crate import write_crate

__all__ = ["write_crate"]

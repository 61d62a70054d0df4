"""Mask secrets in everything that is recorded, shown or exported, by one set of rules.

Everything that is captured passes `captured_text` or `captured_row`, which mask it, limit its
length and make it storable.
"""

from __future__ import annotations

from ..keras_schema.names import MASK
from ._captured import MAX_ERROR_CHARACTERS, bounded, captured_text
from ._command import masked_arguments, masked_command, quoted
from ._names import is_secret, is_secret_name
from ._patterns import without_credentials
from ._rows import captured_row, masked_location, masked_row
from ._text import masked, masked_value

__all__ = [
    "MASK",
    "MAX_ERROR_CHARACTERS",
    "bounded",
    "captured_row",
    "captured_text",
    "is_secret",
    "is_secret_name",
    "masked",
    "masked_arguments",
    "masked_command",
    "masked_location",
    "masked_row",
    "masked_value",
    "quoted",
    "without_credentials",
]

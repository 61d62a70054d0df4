"""Masking of secrets, as `dfanalyzer_client.masking` does it for all who record or export."""

from __future__ import annotations

from dfanalyzer_client.masking import (
    MASK,
    captured_text,
    is_secret_name,
    masked,
    masked_arguments,
    masked_command,
    masked_value,
    quoted,
    without_credentials,
)

__all__ = [
    "MASK",
    "captured_text",
    "is_secret_name",
    "masked",
    "masked_arguments",
    "masked_command",
    "masked_value",
    "quoted",
    "without_credentials",
]

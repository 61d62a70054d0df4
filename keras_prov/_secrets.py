"""Masking of secrets, by `dfanalyzer_client.masking`."""

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

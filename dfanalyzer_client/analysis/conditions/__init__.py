"""Conditions and orders over runs: what names and literals in them stand for, as SQL."""

from __future__ import annotations

from .known_names import known_names
from .literals import known_status
from .names import ASKED_FIELDS, Names
from .question import checked_question, conditions_of, order_of

__all__ = [
    "ASKED_FIELDS",
    "Names",
    "checked_question",
    "conditions_of",
    "known_names",
    "known_status",
    "order_of",
]

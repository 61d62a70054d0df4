"""Statements that turn a catalogue of today into one of an earlier version."""

from __future__ import annotations

__all__ = ["TO_VERSION_5", "TO_VERSION_6", "TO_VERSION_7"]

TO_VERSION_7 = (
    'DROP TABLE "public".journal_head',
    'UPDATE "public".catalogue_version SET version = 7 WHERE version > 7',
)
"""What version 8 added; they come before statements that go further back."""

TO_VERSION_6 = (
    *TO_VERSION_7,
    'DROP VIEW "public".steering',
    'DROP TABLE "public".steering_offer',
    'DROP TABLE "public".steering_request',
    'DROP TABLE "public".steering_outcome',
    'UPDATE "public".catalogue_version SET version = 6 WHERE version > 6',
)
"""What version 7 added; they come before statements that go further back."""

TO_VERSION_5 = (
    *TO_VERSION_6,
    'DROP VIEW "public".tags',
    'DROP VIEW "public".notes',
    'DROP TABLE "public".execution_tag',
    'DROP TABLE "public".execution_note',
    'DROP TABLE "public".erasure',
    'DROP TABLE "public".metric_summary',
    'UPDATE "public".catalogue_version SET version = 5 WHERE version > 5',
)
"""What version 6 added; they come before statements that go further back."""

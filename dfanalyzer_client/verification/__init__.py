"""Verify that a record was not altered: journals, rows and files against each other.

An execution is in three places: in journals on the machines where it ran, in the database, and in
the files that it wrote. Each says something of the others, so that an alteration of one is found:

- of journals, the database has heads of their hash chains;
- of rows, the journals have the messages that they were stored from;
- of files, the database has the SHA-256.

Who can alter all three consistently cannot be found so.
"""

from __future__ import annotations

from ._findings import Finding, State, Verification
from ._journals import found_journals
from ._row_digests import FORM, digest_of, row_digests
from ._stored import Stored
from ._verify import Check, verify, verify_all, verify_journal, verify_with

__all__ = [
    "FORM",
    "Check",
    "Finding",
    "State",
    "Stored",
    "Verification",
    "digest_of",
    "found_journals",
    "row_digests",
    "verify",
    "verify_all",
    "verify_journal",
    "verify_with",
]

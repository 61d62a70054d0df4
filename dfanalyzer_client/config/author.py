"""Read and check the settings that name the author and the licence of what is published.

The author goes into PROV documents and crates as a person, the licence into crates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import DfAnalyzerError

__all__ = ["Author", "checked_licence", "licence_url"]

EXPECTED = (
    "'Ada Lovelace <ada@example.org>', an ORCID iD as in "
    "'Ada Lovelace <ada@example.org> https://orcid.org/0000-0002-1825-0097', or one of the three"
)
ORCID = re.compile(r"(?:https?://orcid\.org/|orcid:)?\b(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\b", re.I)
MAIL = re.compile(r"<([^<>\s@]+@[^<>\s@]+)>|(?<!\S)([^<>\s@]+@[^<>\s@]+\.[^<>\s@]+)(?!\S)")
SPDX = "https://spdx.org/licenses/"


@dataclass(frozen=True)
class Author:
    """A person, of whom at least one of the three is known.

    Attributes:
        name: the name; None if it is not known.
        email: only the address.
        orcid: only the iD, as in ``0000-0002-1825-0097``.
    """

    name: str | None = None
    email: str | None = None
    orcid: str | None = None

    @property
    def orcid_url(self) -> str | None:
        """The iD as a URL, as ORCID wants it shown; it also identifies the person."""
        return f"https://orcid.org/{self.orcid}" if self.orcid else None

    @property
    def label(self) -> str:
        """What to call the person: the name, else the address, else the iD."""
        return self.name or self.email or self.orcid_url or ""

    @classmethod
    def parse(cls, text: str, origin: str = "The author") -> Author:
        """Read name, mail address and ORCID iD, in any order.

        Args:
            text: the setting's value.
            origin: the setting's name, for the message of an error.

        Raises:
            DfAnalyzerError: something in it is none of the three, or is given twice.
        """
        orcids, mails = ORCID.findall(text), MAIL.findall(text)
        rest = re.sub(r"\(\s*\)", " ", MAIL.sub(" ", ORCID.sub(" ", text)))
        name = " ".join(rest.split()).strip(" ,;")
        problem = _problem(name, len(mails), orcids)
        if problem:
            raise DfAnalyzerError(f"{origin} {problem}. Expected {EXPECTED}. Received: {text!r}.")
        return cls(
            name or None,
            "".join(mails[0]) if mails else None,
            orcids[0].upper() if orcids else None,
        )


def checked_licence(text: str, origin: str = "The licence") -> str:
    """A licence's id as SPDX spells it, or a URL unchanged; raises DfAnalyzerError."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    given = text.strip()
    if re.fullmatch(r"https?://[^\s/]+\S*", given):
        return given
    try:
        spelled = str(canonicalize_license_expression(given))
    except InvalidLicenseExpression:
        spelled = ""
    if not spelled or " " in spelled or spelled.startswith("LicenseRef-"):
        raise DfAnalyzerError(
            f"{origin} must be the id of one licence in https://spdx.org/licenses/, such as "
            f"Apache-2.0 or CC-BY-4.0, or a URL. Received: {text!r}."
        )
    return spelled


def licence_url(licence: str) -> str:
    """Where the licence can be read: its URL, or SPDX' page about the id."""
    checked = checked_licence(licence)
    return checked if "://" in checked else SPDX + checked


def _problem(name: str, mails: int, orcids: list[str]) -> str:
    """What is wrong with these parts; empty if nothing is."""
    if mails > 1 or len(orcids) > 1:
        return "must be one person"
    if orcids and not _is_orcid(orcids[0].upper()):
        return "has an ORCID iD whose last character, a checksum, is wrong"
    if re.search(r"[<>@()]|://|\d{4}-\d{4}", name):
        return "has something that is not a name, a mail address or an ORCID iD"
    if name and not any(character.isalpha() for character in name):
        return "has a name without letters"
    return "" if name or mails or orcids else "is empty"


def _is_orcid(orcid: str) -> bool:
    """Whether the last character is the checksum of the others (ISO 7064, MOD 11-2)."""
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return orcid[-1] == "0123456789X"[(12 - total % 11) % 11]

"""Author and licence, read from a line of text."""

from __future__ import annotations

import pytest

from dfanalyzer_client.config.author import Author, checked_licence, licence_url
from dfanalyzer_client.errors import DfAnalyzerError

ADA = "Ada Lovelace"
MAIL = "ada@example.org"
ORCID = "0000-0002-1694-233X"


@pytest.mark.parametrize(
    ("text", "author"),
    [
        (ADA, Author(ADA)),
        (f"{ADA} <{MAIL}>", Author(ADA, MAIL)),
        (f"{ADA} {MAIL}", Author(ADA, MAIL)),
        (f"<{MAIL}>", Author(email=MAIL)),
        (ORCID, Author(orcid=ORCID)),
        (ORCID.lower(), Author(orcid=ORCID)),
        (f"https://orcid.org/{ORCID}", Author(orcid=ORCID)),
        (f"{ADA} ({ORCID})", Author(ADA, orcid=ORCID)),
        (f"{ADA} <{MAIL}> https://orcid.org/{ORCID}", Author(ADA, MAIL, ORCID)),
        (f"{ADA}, orcid:{ORCID}, {MAIL}", Author(ADA, MAIL, ORCID)),
        ("Łukasz O'Neill-García <l@x.pl>", Author("Łukasz O'Neill-García", "l@x.pl")),
        ("Lovelace, Ada", Author("Lovelace, Ada")),
    ],
)
def test_name_mail_and_orcid_in_any_order(text: str, author: Author) -> None:
    """Each may be missing, and the iD may be a URL."""
    assert Author.parse(text) == author


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("42", "a name without letters"),
        (f"{ADA} <ada>", "something that is not a name"),
        (f"{ADA} <{MAIL}", "something that is not a name"),
        (f"{ADA} https://example.org", "something that is not a name"),
        (f"{ADA} 0000-0002-1825", "something that is not a name"),
        (f"{ADA} 0000-0002-1825-0098", "a checksum, is wrong"),
        (f"{ADA} <{MAIL}>, Mary <mary@example.org>", "must be one person"),
    ],
)
def test_what_is_none_of_the_three_is_an_error(text: str, said: str) -> None:
    """Which says where it stood, what was expected and what was received."""
    with pytest.raises(DfAnalyzerError) as caught:
        Author.parse(text, "KERAS_PROV_AUTHOR")
    message = str(caught.value)
    assert message.startswith("KERAS_PROV_AUTHOR ")
    assert said in message
    assert f"{ADA} <{MAIL}>" in message
    assert f"Received: {text!r}" in message


def test_what_a_person_is_called() -> None:
    """By name, else by address, else by iD, which is a URL for others."""
    assert Author(ADA, MAIL, ORCID).label == ADA
    assert Author(email=MAIL, orcid=ORCID).label == MAIL
    assert (
        Author(orcid=ORCID).label == Author(orcid=ORCID).orcid_url == f"https://orcid.org/{ORCID}"
    )
    assert Author(ADA).orcid_url is None


@pytest.mark.parametrize(
    ("text", "licence", "url"),
    [
        ("Apache-2.0", "Apache-2.0", "https://spdx.org/licenses/Apache-2.0"),
        ("cc-by-4.0", "CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0"),
        ("https://example.org/terms", "https://example.org/terms", "https://example.org/terms"),
    ],
)
def test_a_licence_is_an_spdx_id_or_a_url(text: str, licence: str, url: str) -> None:
    """The id in SPDX' spelling; both have a page."""
    assert checked_licence(text) == licence
    assert licence_url(text) == url


@pytest.mark.parametrize("text", ["all rights", "MIT OR Apache-2.0", "LicenseRef-mine", "ftp://x"])
def test_what_is_no_licence_is_an_error(text: str) -> None:
    """Neither an id that SPDX does not list, nor a choice between two."""
    with pytest.raises(DfAnalyzerError, match=r"KERAS_PROV_LICENSE must be the id of one licence"):
        checked_licence(text, "KERAS_PROV_LICENSE")

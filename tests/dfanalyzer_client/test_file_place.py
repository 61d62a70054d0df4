"""Places of files, as they are published: without logins, and as URIs."""

from __future__ import annotations

import pytest
from rdflib.term import _is_valid_uri

from dfanalyzer_client.export.file_locations import is_url, location_uri, published_location


@pytest.mark.parametrize(
    ("place", "published", "uri"),
    [
        ("/data/a b", "/data/a b", "file:///data/a%20b"),
        ("/50% é", "/50% é", "file:///50%25%20%C3%A9"),
        ("a b/c", "a b/c", None),
        ("C:\\a b\\c", "C:\\a b\\c", "file:///C:/a%20b/c"),
        ("/data/x://y", "/data/x://y", "file:///data/x%3A/y"),
        ("s3://key:secret@bucket/a b?token=x", "s3://bucket/a b", "s3://bucket/a%20b"),
        ("https://e.org:80/%20#x", "https://e.org:80/%20", "https://e.org:80/%20"),
        ("http://[bad/x", "http://[bad/x", "http://[bad/x"),
        ("", "", None),
    ],
)
def test_a_place_is_published_without_a_login(place: str, published: str, uri: str | None) -> None:
    """A path stays as it is; what no URI may hold is escaped there."""
    assert (published_location(place), location_uri(place)) == (published, uri)
    assert is_url(place) == (place.find("://") in (2, 4, 5))
    assert uri is None or _is_valid_uri(uri)

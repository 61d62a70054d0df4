"""Where a file is, as it is published: no login is in it, and it is a URI for whoever wants one."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

__all__ = ["is_url", "location_uri", "published_location"]

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/?#]*)([^?#]*)")
"""Scheme, authority and path; a scheme of one letter is a drive of Windows."""

IN_URLS = "/!$&'()*+,;=@~:%[]"
"""What a URL may have as it is (RFC 3986), beside letters, digits and ``_.-``."""


def is_url(location: str) -> bool:
    """Whether a file's place is a URL, not a path."""
    return URL.match(location) is not None


def published_location(location: str) -> str:
    """A path as it is; a URL without login, query and fragment."""
    found = URL.match(location)
    if found is None:
        return location
    scheme, authority, path = found.groups()
    return f"{scheme}://{authority.rpartition('@')[2]}{path}"


def location_uri(location: str) -> str | None:
    """A published place as a URI: of a path that begins at the root a ``file:`` one (RFC 8089).

    None for a relative path: whoever reads it would resolve it against another folder.
    """
    if is_url(location):
        return quote(published_location(location), safe=IN_URLS)
    if PureWindowsPath(location).is_absolute() and not location.startswith("/"):
        return PureWindowsPath(location).as_uri()
    path = PurePosixPath(location)
    return path.as_uri() if path.is_absolute() else None

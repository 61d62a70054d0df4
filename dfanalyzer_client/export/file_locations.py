"""The location of a file as it is published: without a login, as a path or as a URI."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

__all__ = ["is_url", "location_uri", "published_location"]

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/?#]*)([^?#]*)")
"""Scheme, authority and path; a scheme of one letter is a drive of Windows."""

IN_URLS = "/!$&'()*+,;=@~:%[]"
"""Characters that need no escape in a URL (RFC 3986), besides letters, digits and ``_.-``."""


def is_url(location: str) -> bool:
    """Whether the location of a file is a URL, not a path."""
    return URL.match(location) is not None


def published_location(location: str) -> str:
    """A path as it is; a URL without login, query and fragment."""
    found = URL.match(location)
    if found is None:
        return location
    scheme, authority, path = found.groups()
    return f"{scheme}://{authority.rpartition('@')[2]}{path}"


def location_uri(location: str) -> str | None:
    """A location as a URI; an absolute path becomes a ``file:`` URI (RFC 8089).

    None for a relative path: a reader would resolve it against another folder.
    """
    if is_url(location):
        return quote(published_location(location), safe=IN_URLS)
    if PureWindowsPath(location).is_absolute() and not location.startswith("/"):
        return PureWindowsPath(location).as_uri()
    path = PurePosixPath(location)
    return path.as_uri() if path.is_absolute() else None

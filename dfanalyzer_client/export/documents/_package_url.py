"""Package URLs of Python's packages, as of PyPI: https://github.com/package-url/purl-spec."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["package_url"]


def package_url(name: str, version: str) -> str:
    """The URL of a package of this name; an empty version is left out."""
    url = f"pkg:pypi/{quote(re.sub('[-_.]+', '-', name).lower(), safe='')}"
    return f"{url}@{quote(version, safe='')}" if version else url

"""Answers that browsers save as files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

__all__ = ["attached", "attachment", "streamed"]

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
MAX_NAME = 120


def attached(name: str) -> dict[str, str]:
    """Headers of a file with a name; signs that file systems dislike become ``_``."""
    stem, dot, suffix = name.rpartition(".")
    plain = f"{UNSAFE.sub('_', stem).strip('._')[:MAX_NAME] or 'file'}{dot}{suffix}"
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(plain)}",
        "Cache-Control": "no-store",
    }


def attachment(content: str | bytes, name: str, media_type: str) -> Response:
    """A file whose content is there."""
    return Response(content, media_type=media_type, headers=attached(name))


def streamed(pieces: Iterable[bytes], name: str, media_type: str) -> Response:
    """A file that is made while it is sent."""
    return StreamingResponse(pieces, media_type=media_type, headers=attached(name))

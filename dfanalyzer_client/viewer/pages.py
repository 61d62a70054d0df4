"""Pages from templates: what each of them knows, and how values look.

All values are text: Jinja escapes them, and only `to_json` writes data for scripts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import bidirectional
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..support.durations import duration
from ..support.terminal import terminal_text
from .navigation import SCREENS

__all__ = ["address", "json_answer", "middle", "page", "render", "to_json"]

TEMPLATES = Path(__file__).parent / "templates"
CELL_CHARACTERS = 60
LEFT_TO_RIGHT = "\u200e"
"""Behind Arabic or Hebrew, digits would be shown before it; this mark is not shown."""

WHOLE_CHARACTERS = 2000
"""Of a long value, where the mouse is held over it."""


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one, from a template."""
    text = render(template, request=request, **values)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


def render(template: str, *, request: Request, **values: Any) -> str:
    """The text of a template."""
    return ENVIRONMENT.get_template(template).render(
        screens=SCREENS,
        has={screen.path.strip("./") for screen in SCREENS},
        here=request.scope["path"].strip("/").partition("/")[0],
        post_token=request.app.state.post_token,
        **values,
    )


def json_answer(value: Any) -> Response:
    """Data for scripts; NaN and infinities are the texts that Python writes."""
    return Response(
        json_text(value), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def json_text(value: Any) -> str:
    """JSON that every browser reads."""
    try:
        return _dumped(value)
    except ValueError:  # something is not finite, which is seldom, and takes long to find
        return _dumped(_finite(value))


def _dumped(value: Any) -> str:
    return json.dumps(value, default=_as_text, separators=(",", ":"), allow_nan=False)


def to_json(value: Any) -> Markup:
    """Data in a page, which cannot end the element that it stands in."""
    text = json_text(value)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  # no sign of HTML is left in it


def address(path: str, **query: Any) -> str:
    """A link relative to every page of ours; None and empty values are left out.

    A list repeats its name.
    """
    pairs = [
        (name, each)
        for name, value in query.items()
        for each in (value if isinstance(value, (list, tuple)) else [value])
        if each not in (None, "")
    ]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _finite(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_finite(each) for each in value]
    return value


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def shown(value: Any) -> str:
    """A value as text, whole."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC) if value.tzinfo else value:%Y-%m-%d %H:%M:%S}"
    return terminal_text(value)


def short(value: Any, characters: int = CELL_CHARACTERS) -> str:
    """A value as text on one line, cut."""
    text = " ".join(shown(value).split())
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def middle(value: Any, characters: int) -> str:
    """A name on one line, cut in its middle: what tells names apart is often at their ends."""
    text = " ".join(shown(value).split())
    if len(text) <= characters:
        return text
    end = characters // 2
    first, last = text[: characters - 1 - end], text[-end:]
    is_mixed = any(bidirectional(sign) in ("R", "AL") for sign in first)
    return f"{first}…{LEFT_TO_RIGHT * is_mixed}{last}"


def compact(value: Any, characters: int = 24) -> str:
    """A value as text for a narrow column; a float with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else short(value, characters)


def title(value: Any, characters: int = CELL_CHARACTERS) -> str:
    """What is shown where the mouse is held over a value: the whole, if that was cut."""
    if isinstance(value, float):
        return repr(value) if f"{value:.6g}" != repr(value) else ""
    text = shown(value)
    if len(text) <= characters:
        return ""
    return text if len(text) <= WHOLE_CHARACTERS else f"{text[:WHOLE_CHARACTERS]}…"


def is_number(value: Any) -> bool:
    """Whether a value stands to the right of its column."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "shown": shown,
    "short": short,
    "middle": middle,
    "compact": compact,
    "whole": title,
    "duration": duration,
    "to_json": to_json,
}
ENVIRONMENT.tests["number"] = is_number
ENVIRONMENT.globals |= {"address": address}

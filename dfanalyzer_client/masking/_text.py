"""Replace passwords, tokens and keys in texts by "…".

Something that only might be a secret is masked, too: a missing value does no harm, but a published
secret cannot be taken back.
"""

from __future__ import annotations

import functools
import re

from ..keras_schema.names import MASK
from ._names import is_secret, is_secret_name
from ._patterns import (
    without_credentials,
    without_headers,
    without_known_keys,
    without_random_words,
)

__all__ = ["is_secret_option_value", "masked", "masked_value"]

MASKED = (MASK, "u2026", "")
"""The mask, as it is and as JSON escapes it, without quotes and backslashes."""

SHORT = 200
"""Texts up to this length are cached, because the same layers come with every training."""

_PLAIN = re.compile(r"[\w.+()\[\]-]{0,12}", re.ASCII)
"""Too short for a key, and without an assignment."""

_NAME = re.compile(r"""(?<![\w.+-])(?P<name>[\w.+-]+)\\*["']?\s*[=:]>?\s*(?![=/:])""")
_OPTION = re.compile(
    r"""(?<![^\s"'(\[,])(?P<name>--?[A-Za-z][\w.-]*)(?:["']\s*,\s*|[ \t]+)(?=\S)"""
)
_FILE = re.compile(r"\.(?:py|pyc|ipynb|[jt]s|c|cc|cpp|h|sh|json|ya?ml|toml|txt|csv|log|keras|h5)$")
"""File names, which stand before a colon and a line number."""

_NO_PASSWORD = re.compile(r"[\d.,:x/_-]+(?:/(?:tcp|udp))?|-.*|.*/.*|", re.DOTALL)
"""What is not a password after ``-p``: a number, a port mapping, an option, a path."""

_ESCAPED = re.compile(r"""(\\+["']).*?\1""", re.DOTALL)
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*\'""", re.DOTALL)
_BARE = re.compile(r"""[^\s"',;&})\]]+(?:["'][^\s"',;&})\]]+)*""")
_BRACKETS = {"[": "]", "{": "}", "(": ")"}


def masked(text: str, *, guess: bool = True) -> str:
    """`text` without credentials in URLs, values of secret names, and what looks like a key.

    Args:
        text: a text to record, or to show to others.
        guess: whether to mask long words that look random, too.
    """
    if _PLAIN.fullmatch(text):
        return text
    return _remembered(text, guess) if len(text) <= SHORT else _masked(text, guess)


def masked_value(name: str, text: str, *, guess: bool = True) -> str:
    """The value of an argument or a column of that name, masked."""
    return MASK if is_secret_name(name) and is_secret(name, text) else masked(text, guess=guess)


def is_secret_option_value(option: str, value: str) -> bool:
    """Whether `value` is a secret because of the option before it.

    After ``-u``, that is ``user:password``, as for curl. After ``-p``, it is everything but a
    number, a port mapping such as ``8080:80``, an option, and a path with a slash.
    """
    plain = value.strip("\"'")
    if option == "-u":
        return _is_user_and_password(plain)
    if option == "-p":
        return not _NO_PASSWORD.fullmatch(plain)
    return is_secret_name(option) and is_secret(option, value)


def _is_user_and_password(text: str) -> bool:
    user, colon, password = text.partition(":")
    is_other = password.startswith(("/", "\\")) or re.fullmatch(r"[\d.:/-]+", password)
    return bool(colon and user and password and not is_other)


def _masked(text: str, guess: bool) -> str:
    text = without_headers(without_credentials(text))
    text = _masked_assignments(text)
    text = without_known_keys(_masked_options(text) if "-" in text else text)
    return without_random_words(text) if guess else text


_remembered = functools.lru_cache(maxsize=4096)(_masked)


def _masked_assignments(text: str) -> str:
    """`text` without values assigned to secret names: ``name=value``, ``"name": value``."""
    result, copied, position = [], 0, 0
    while found := _NAME.search(text, position):
        position = found.end()
        if not is_secret_name(found["name"]) or _FILE.search(found["name"]):
            continue
        end = _value_end(text, position)
        if end > position and is_secret(found["name"], text[position:end]):
            result += [text[copied:position], _mask_of(text[position:end])]
            copied = position = end
    return "".join([*result, text[copied:]])


def _masked_options(text: str) -> str:
    """`text` without the values of secret options: ``--password x``, ``-u user:password``."""
    result, copied, position = [], 0, 0
    while found := _OPTION.search(text, position):
        position = found.end()
        end = _value_end(text, position)
        if text[position] != "-" and is_secret_option_value(found["name"], text[position:end]):
            result += [text[copied:position], MASK]
            copied = position = end
    return "".join([*result, text[copied:]])


def _mask_of(value: str) -> str:
    """The mask; a value that is masked already stays as it is, with its quotes."""
    return value if value.strip("\\\"'") in MASKED else MASK


def _value_end(text: str, start: int) -> int:
    """Where a value that begins at `start` ends; quoted and bracketed texts are taken as a whole.

    If the closing quote was cut off, the value goes to the end of the line.
    """
    for pattern in (_ESCAPED, _QUOTED):
        if found := pattern.match(text, start):
            return found.end()
    if text[start : start + 1] in ('"', "'"):
        return (text.find("\n", start) + 1 or len(text) + 1) - 1
    if text[start : start + 1] in _BRACKETS:
        return _closing(text, start)
    found = _BARE.match(text, start)
    return found.end() if found else start


def _closing(text: str, start: int) -> int:
    """The end of a bracket, or of the text if nothing closes it."""
    pending: list[str] = []
    position = start
    while position < len(text):
        character = text[position]
        if character in "\"'" and (found := _QUOTED.match(text, position)):
            position = found.end()
            continue
        if character in _BRACKETS:
            pending.append(_BRACKETS[character])
        elif pending and character == pending[-1]:
            pending.pop()
            if not pending:
                return position + 1
        position += 1
    return len(text)

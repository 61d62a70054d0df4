"""Passwords, tokens and keys in texts that are recorded: each becomes "…".

What only might be a secret is masked as well: a value too few in a record is no harm, one too many
cannot be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from dfanalyzer_client.vocabulary import MASK

__all__ = ["MASK", "is_secret_name", "masked", "masked_arguments", "without_credentials"]

SECRET_WORDS = frozenset({"auth", "jwt", "key", "keys", "pass", "pat", "psw", "pwd", "sas"})
SECRET_PARTS = (
    "accesskey", "apikey", "authoriz", "credential", "passphrase", "passwd", "password",
    "privatekey", "secret",
)  # fmt: skip
HARMLESS_KEYS = frozenset({"feature", "foreign", "group", "partition", "primary", "sort"})
"""Words before "key" that say it opens no door."""

_WORDS = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CREDENTIALS = re.compile(r"(?i)(?<![a-z0-9+.-])([a-z0-9+.-]+://)\S*@")
"""To the last @, because passwords have some."""
_NAME = re.compile(r"""(?<![\w.+-])(?P<name>[\w.+-]+)["']?\s*[=:]\s*""")
_VALUE = re.compile(r""""[^"]*"|'[^']*'|[^\s"',;&}]+""")
_SCHEME = re.compile(r"(?i)\b(bearer|basic|token)(\s+)[^\s\"',;]+")
_KNOWN_KEYS = re.compile(
    r"""(?x)
    -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*
    | \b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}            # OpenAI, Stripe
    | \b(?:gh[opsur]|github_pat|glpat|hf|dapi|npm|pypi)[-_]?[A-Za-z0-9_-]{16,}
    | \bxox[a-z]-[A-Za-z0-9-]{8,}                     # Slack
    | \b(?:AKIA|ASIA)[A-Z0-9]{12,}                    # AWS, which key
    | \bAIza[A-Za-z0-9_-]{20,}                        # Google
    | \bhooks\.slack\.com/services/\S+
    | \beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?  # a JSON Web Token
    """,
    re.DOTALL,
)
_RANDOM = re.compile(r"(?<![\w/.+-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/.+-])")


def masked(text: str) -> str:
    """`text` without credentials in URLs, values of secret names, and what looks like a key."""
    text = without_credentials(text)
    text = _SCHEME.sub(rf"\1\2{MASK}", text)
    text = _masked_assignments(text)
    text = _KNOWN_KEYS.sub(MASK, text)
    return _RANDOM.sub(lambda found: MASK if _is_random(found.group()) else found.group(), text)


def masked_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command, where a secret may also follow its option's name."""
    result, follows = [], False
    for argument in arguments:
        result.append(MASK if follows else _masked_argument(argument))
        follows = _announces_secret(argument)
    return result


def without_credentials(text: str) -> str:
    """`text` with ``scheme://user:password@host`` as ``scheme://…@host``."""
    return _CREDENTIALS.sub(rf"\1{MASK}@", text)


def is_secret_name(name: str) -> bool:
    """Whether a variable or an option of this name holds a secret."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if "key" in words[1:] and words[words.index("key", 1) - 1] in HARMLESS_KEYS:
        return False
    return any(
        word in SECRET_WORDS or word.endswith(("token", "password", "passwd")) for word in words
    ) or any(part in "".join(words) for part in SECRET_PARTS)


def _masked_argument(argument: str) -> str:
    name, sign, value = argument.partition("=")
    if sign and value and re.fullmatch(r"[\w.+-]+", name) and is_secret_name(name):
        return f"{name}={MASK}"  # all of it, whatever spaces and commas it has
    return masked(argument)


def _announces_secret(argument: str) -> bool:
    return argument.startswith("-") and "=" not in argument and is_secret_name(argument)


def _masked_assignments(text: str) -> str:
    """`text` without what is assigned to secret names: ``name=value``, ``"name": value``."""
    result, copied, position = [], 0, 0
    while found := _NAME.search(text, position):
        position = found.end()
        if is_secret_name(found["name"]) and (value := _VALUE.match(text, position)):
            result += [text[copied:position], MASK]
            copied = position = value.end()
    return "".join([*result, text[copied:]])


def _is_random(word: str) -> bool:
    """Whether a long word is no name: letters and digits in one run, or ever changing."""
    digits = sum(each.isdigit() for each in word)
    if word.isalnum():
        return len(word) / 8 < digits < len(word)
    kinds = "".join("d" if c.isdigit() else "u" if c.isupper() else "l" for c in word)
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(set(kinds)) == 3 and changes > 0.4 * len(word)

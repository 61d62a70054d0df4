"""Recognize secrets by their form, whatever their name."""

from __future__ import annotations

import re
from itertools import pairwise

from ..keras_schema.names import MASK

__all__ = ["without_credentials", "without_headers", "without_known_keys", "without_random_words"]

_CREDENTIALS = re.compile(r"(?i)(?<![a-z0-9+.-])([a-z0-9+.-]+://)\S{0,1000}@")
"""Up to the last @, because passwords may contain it."""

_COOKIE = re.compile(r"""(?i)(?<![\w-])((?:set-)?cookie2?\s*:\s*)[^\s"'][^\r\n"']*""")
_AUTHORIZATION = re.compile(
    r"""(?ix)
    (?<![\w-]) ((?:proxy-)?authorization \s*[:=]\s*)
    (?: (?:digest|aws4-hmac-sha256)\b [^\r\n"']*
      | (?:(?:apikey|basic|bearer|negotiate|token)\s+)? [^\s"',;]+ )
    """
)
_BEARER = re.compile(
    r"""(?ix)\b(bearer\s+)
    (?!(?:auth|authentication|authorization|is|of|or|and|scheme|tokens?)\b) [^\s"',;]+"""
)
_SCHEME = re.compile(
    r"""\b((?i:basic|token)\s+)"""
    r"""(?=[^\s"',;]*(?:[a-z][A-Z]|\d[A-Za-z]|[A-Za-z]\d|=))[A-Za-z0-9+/_.~-]{6,}=*"""
)
"""Only before what is not a plain word: ``Basic dXNlcjpwYXNz``, not "basic training"."""

_SIGNED = re.compile(
    r"""(?ix)
    ([?&;] (?: sig | signature | sign | code | key | hmac | x-(?:amz|goog|oss|ms)-[a-z-]+
             | awsaccesskeyid | googleaccessid | ossaccesskeyid ) =) [^&\s"'<>#]+
    | (?<![\w.-]) (sig=) (?=[\w%+/-]*[%+/A-Z]) [\w%+/=-]{20,}
    """
)
"""Signatures in URLs; ``sig=`` with that many characters is Azure's."""

_WEBHOOK = re.compile(
    r"""(?ix)
    ( \b hooks\.slack\.com | \b discord(?:app)?\.com | (?<![\w.-]) [\w.-]*webhook\.office\.com
      | \b outlook\.office(?:365)?\.com | \b api\.telegram\.org | \b chat\.googleapis\.com
      | \b hooks\.zapier\.com | \b maker\.ifttt\.com
      | (?<=://) [\w.-]{1,250}(?::\d+)? (?=/[^\s"'<>]{0,200}hooks?/[\w-]{8,}) )
    /[^\s"'<>]+
    """
)
"""URLs of webhooks, where anybody who knows the URL may post."""

_KNOWN_KEYS = re.compile(
    r"""(?x)
    -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*
    | \b AGE-SECRET-KEY-[A-Z0-9]{8,}
    | (?<![\w-]) sk-(?:[A-Za-z0-9]{16,}|(?=[\w-]*\d)[\w-]{12,})         # OpenAI, Anthropic, …
    | \b (?:sk|pk|rk|whsec)_(?:live_|test_)?(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{12,}   # Stripe
    | \b (?:gh[opsur]|github_pat|hf|npm|dckr_pat|shpat|KGAT|pul|lin_api|ntn|r8)_
      (?:\w{20,}|(?=[A-Za-z]*\d)[A-Za-z0-9]{8,})
    | \b (?:glpat|gldt|glrt|glptt|pplx|nvapi|xapp|sntrys)-[\w-]{8,}
    | \b pypi-[\w-]{16,} | \b dapi[0-9a-f]{16,} | \b dop_v1_\w{8,}
    | \b xox[a-z]-[A-Za-z0-9-]{8,}                              # Slack
    | \b (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}                   # AWS, which key
    | \b AIza[\w-]{20,} | \b ya29\.[\w.-]{4,} | \b 1//0[\w-]{20,}    # Google
    | \b SG\.[\w-]{6,}(?:\.[\w-]{6,})?                          # SendGrid
    | \b eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*                         # a JSON Web Token
    """,
    re.DOTALL,
)
_HINTS = (
    "-----BEGIN", "AGE-SECRET", "sk-", "sk_", "pk_", "rk_", "whsec_", "gho_", "ghp_", "ghs_",
    "ghu_", "ghr_", "pat_", "hf_", "npm_", "nvapi", "KGAT_", "pul_", "lin_api_", "ntn_", "r8_",
    "glpat-", "gldt-", "glrt-", "glptt-", "pplx-", "xapp-", "sntrys-", "pypi-", "dapi", "dop_v1_",
    "xox", "AKIA", "ASIA", "ABIA", "ACCA", "AIza", "ya29.", "1//0", "SG.", "eyJ",
)  # fmt: skip  # word lists: one word a line would be five times as long
"""Beginnings of the keys in `_KNOWN_KEYS`: a fast check that most texts have none."""

_RANDOM = re.compile(r"(?<![\w/.+-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/.+-])")


_HEADERS = re.compile("(?i)cookie|authoriz|bearer|basic|token|[?&;]|sig=")
"""A fast check: a text without any of these has no header or signature to mask."""


def without_credentials(text: str) -> str:
    """`text` with ``scheme://user:password@host`` as ``scheme://…@host``."""
    return _CREDENTIALS.sub(rf"\1{MASK}@", text) if "://" in text else text


def without_headers(text: str) -> str:
    """`text` without cookies, credentials in HTTP headers, and signatures in URLs."""
    if not _HEADERS.search(text):
        return text
    for pattern in (_COOKIE, _AUTHORIZATION, _BEARER, _SCHEME):
        text = pattern.sub(rf"\1{MASK}", text)
    return _SIGNED.sub(lambda found: f"{found[1] or found[2]}{MASK}", text)


def without_known_keys(text: str) -> str:
    """`text` without keys and webhooks of services that have a recognizable form."""
    if "/" in text:
        text = _WEBHOOK.sub(rf"\1/{MASK}", text)
    return _KNOWN_KEYS.sub(MASK, text) if any(hint in text for hint in _HINTS) else text


def without_random_words(text: str) -> str:
    """`text` without long words that look random."""
    return _RANDOM.sub(lambda found: MASK if _is_random(found.group()) else found.group(), text)


def _is_random(word: str) -> bool:
    """Whether a long word looks random: many digits among letters, or many changes of kind."""
    digits = sum(character.isdigit() for character in word)
    if word.isalnum():
        return len(word) / 8 < digits < len(word)
    kinds = "".join("d" if c.isdigit() else "u" if c.isupper() else "l" for c in word)
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(set(kinds)) == 3 and changes > 0.4 * len(word)

"""Tell from a name whether its value is a secret."""

from __future__ import annotations

import functools
import re

__all__ = ["is_secret", "is_secret_name"]

SECRET_WORDS = frozenset({
    "cookie", "cookies", "cred", "creds", "mfa", "otp", "psw", "pwd", "totp",
})  # fmt: skip  # word lists: one word a line would be five times as long
SECRET_PARTS = (
    "accesskey", "accountkey", "amzsignature", "apikey", "authkey", "authoriz", "authtoken",
    "accesstoken", "bearertoken", "credential", "encryptionkey", "googsignature",
    "passcode", "passphrase", "passwd", "password", "privatekey", "secret", "signingkey", "sshkey",
)  # fmt: skip  # word lists: one word a line would be five times as long
"""Parts of secret names, once separators are removed."""

DOUBTFUL_WORDS = frozenset({"auth", "jwt", "key", "keys", "pass", "pat", "sas", "token"})
"""Words of secret names, unless the value is a number, or the words around them are harmless."""

HARMLESS_BEFORE = {
    "key": frozenset({
        "attention", "feature", "foreign", "group", "hot", "index", "input", "label", "merge",
        "metric", "num", "output", "partition", "primary", "query", "sort", "target", "use",
    }),
    "pass": frozenset({
        "all", "backward", "band", "by", "each", "first", "forward", "high", "last", "low", "max",
        "min", "multi", "n", "num", "per", "single",
    }),
    "token": frozenset({
        "begin", "blank", "bos", "class", "cls", "decoder", "delimiter", "end", "eos", "first",
        "last", "mask", "max", "min", "missing", "next", "num", "oov", "out", "pad", "padding",
        "per", "prev", "sep", "special", "start", "stop", "unk", "unknown", "use",
    }),
}  # fmt: skip  # word lists: one word a line would be five times as long
"""By doubtful word: words before it that make it harmless."""

HARMLESS_AFTER = frozenset({
    "agg", "axis", "bias", "cache", "chunk", "count", "depth", "dim", "dims", "dropout", "dtype",
    "embedding", "embeddings", "error", "frame", "frames", "fn", "func", "function", "head",
    "heads", "idx", "index", "initializer", "keys", "kernel", "len", "length", "limit", "mask",
    "mode", "num", "padding", "pattern", "points", "position", "projection", "rate", "ratio",
    "regularizer", "seq", "sequence", "shape", "size", "style", "type", "types", "units", "width",
})  # fmt: skip  # word lists: one word a line would be five times as long
"""Words after a doubtful word that make it harmless: ``key_dim``, ``token_length``."""

HARMLESS_ENDINGS = ("allpass", "bandpass", "bypass", "compass", "highpass", "lowpass", "surpass")
NO_SECRETS = frozenset({"", "0", "1", "false", "nil", "no", "none", "null", "true", "yes"})

_WORDS = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+|nan|inf)")
_SPECIAL_TOKEN = re.compile(r"\[[A-Za-z_0-9 ]*\]|<[|/]?[A-Za-z_0-9 ]*[|]?>|.?", re.DOTALL)


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a variable, an argument or an option of this name may hold a secret."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return _is_certain(words) or _is_doubtful(words)


def is_secret(name: str, value: str) -> bool:
    """Whether `value` may be a secret under this name. Flags and empty texts are not.

    Under a doubtful name, neither are numbers and special tokens of a language model.
    """
    plain = value.strip().strip("\"'")
    words = [word.lower() for word in _WORDS.findall(name)]
    if plain.lower() in NO_SECRETS:
        return False
    if _is_certain(words):
        return True
    harmless = _NUMBER.fullmatch(plain) or _SPECIAL_TOKEN.fullmatch(plain)
    return _is_doubtful(words) and not harmless


def _is_certain(words: list[str]) -> bool:
    joined = "".join(words)
    return any(part in joined for part in SECRET_PARTS) or any(
        (word in SECRET_WORDS or _is_compound(word)) and not _is_explained(words, position)
        for position, word in enumerate(words)
    )


def _is_compound(word: str) -> bool:
    """Whether a word ends like the name of a secret: ``dbpass``."""
    return word.endswith("pass") and word != "pass" and not word.endswith(HARMLESS_ENDINGS)


def _is_doubtful(words: list[str]) -> bool:
    return any(
        (word in DOUBTFUL_WORDS or word.endswith("token")) and not _is_explained(words, position)
        for position, word in enumerate(words)
    )


def _is_explained(words: list[str], position: int) -> bool:
    """Whether the words around a doubtful word make it harmless."""
    kind = "token" if words[position].endswith("token") else words[position].removesuffix("s")
    kind = "pass" if words[position] == "pass" else kind
    before, after = words[:position][-1:], words[position + 1 :][:1]
    return bool(
        HARMLESS_BEFORE.get(kind, frozenset()).intersection(before)
        or HARMLESS_AFTER.intersection(after)
    )

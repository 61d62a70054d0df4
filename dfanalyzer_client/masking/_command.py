"""Mask secrets in command lines, where a secret may also follow the name of an option."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from ..keras_schema.names import MASK
from ._names import is_secret_name
from ._text import is_secret_option_value, masked

__all__ = ["masked_arguments", "masked_command", "quoted"]

SHORT = ("-p", "-u")


def masked_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command, masked."""
    result, before = [], ""
    for argument in arguments:
        if _announces_secret(before) or (
            before in SHORT and is_secret_option_value(before, argument)
        ):
            result.append(MASK)
        else:
            result.append(_masked_argument(argument))
        before = argument
    return result


def masked_command(line: str) -> str:
    """A command line in one text, masked, with quotes where they are needed."""
    try:
        arguments = shlex.split(line)
    except ValueError:  # the line was cut within quotes
        return masked(line)
    shown = masked_arguments(arguments)
    return line if shown == arguments else " ".join(map(quoted, shown))


def quoted(argument: str) -> str:
    """An argument quoted for a shell; the mask itself needs no quotes."""
    plain = argument.replace(MASK, "x")
    return argument if shlex.quote(plain) == plain else shlex.quote(argument)


def _masked_argument(argument: str) -> str:
    name, sign, value = argument.partition("=")
    if sign and value and re.fullmatch(r"[\w.+-]+", name) and is_secret_name(name):
        return f"{name}={MASK}"  # the whole value, whatever spaces and commas it has
    return masked(argument)


def _announces_secret(argument: str) -> bool:
    return argument.startswith("-") and "=" not in argument and is_secret_name(argument)

"""Ask for a password, where there is a terminal to ask on."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import DfAnalyzerError

__all__ = ["asked_password", "has_terminal"]


def asked_password(
    whose: str,
    instead: str,
    *,
    note: str = "",
    default: str | None = None,
    is_new: bool = False,
) -> str:
    """The password that the user types, without showing it.

    Args:
        whose: the user and the host.
        instead: what to do where nobody can be asked.
        note: what else the question says.
        default: what an empty answer means; None: it is asked again.
        is_new: whether nobody knows it yet, so that it is to be typed twice.

    Raises:
        DfAnalyzerError: there is no terminal.
    """
    if not has_terminal():
        raise DfAnalyzerError(
            f"The password of {whose} is missing, and there is no terminal to ask for it on: "
            f"{instead}."
        )
    question = f"Password of {whose}{note}"
    answer: str = click.prompt(
        question,
        hide_input=True,
        err=True,
        default=default,
        show_default=False,
        confirmation_prompt=is_new,
    )
    return answer


def has_terminal() -> bool:
    """Whether somebody can be asked: also with a pipe as stdin, on the terminal of the process."""
    if sys.stdin is not None and sys.stdin.isatty():
        return True
    try:
        with Path("/dev/tty").open("rb"):
            return True
    except OSError:
        return False

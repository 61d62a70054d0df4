"""What a recorded command line runs: options of Python, a script or a module, its arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Launch", "parse_command"]

OURS = ("keras_prov", "dfanalyzer_client.cli")
"""Modules that are the `keras-prov` command."""

OF_NOTEBOOK = re.compile(r".*, In \[\d+\]")
"""What stands for the command line of a notebook's cell."""

RUN_OPTIONS = ("--capture", "--tag", "--store")
"""Options of ``keras-prov run`` that take a value."""


@dataclass(frozen=True)
class Launch:
    """What a command line runs.

    Attributes:
        file: the script; empty if there is none.
        module: the module of ``-m``; empty if there is none.
        options: those of Python.
        run_options: those of ``keras-prov run``; None if it was not used.
        arguments: those of the script or module.
        reason: why neither a file nor a module is known, as the end of a sentence.
    """

    file: str = ""
    module: str = ""
    options: tuple[str, ...] = ()
    run_options: tuple[str, ...] | None = None
    arguments: tuple[str, ...] = ()
    reason: str = ""


def parse_command(command: str) -> Launch:
    """What a Python command line runs."""
    if OF_NOTEBOOK.fullmatch(command):
        return Launch(reason="it was run in a notebook whose file is not known")
    try:
        words = shlex.split(command)
    except ValueError:  # the line was cut within quotes
        return Launch(reason="the recorded command line is incomplete")
    launch = _of_python(words[1:])
    is_ours = Path(launch.file).name == "keras-prov" or launch.module in OURS
    if is_ours and launch.arguments[:1] == ("run",):
        return _of_run(launch.arguments[1:], launch.options)
    return launch


def _of_python(words: Sequence[str]) -> Launch:
    """What Python's own arguments name."""
    position = 0
    while position < len(words):
        word, options = words[position], tuple(words[:position])
        if word == "-":
            return Launch(reason="the program was read from standard input")
        if not word.startswith("-"):
            return Launch(word, options=options, arguments=tuple(words[position + 1 :]))
        if word == "--check-hash-based-pycs":
            position += 1
        elif found := re.fullmatch(r"-([a-zA-Z]*?)([cmWX])(.*)", word, re.DOTALL):
            value = [found[3]] if found[3] else list(words[position + 1 : position + 2])
            if found[2] == "c":
                return Launch(reason="the program was given on the command line (python -c)")
            if found[2] == "m" and value:
                rest = tuple(words[position + (1 if found[3] else 2) :])
                before = (*options, f"-{found[1]}") if found[1] else options
                return Launch(module=value[0], options=before, arguments=rest)
            position += 0 if found[3] else 1
        position += 1
    return Launch(reason="it was typed at a prompt")


def _of_run(words: Sequence[str], options: tuple[str, ...]) -> Launch:
    """What the arguments of ``keras-prov run`` name."""
    is_module, position = False, 0
    while position < len(words):
        word = words[position]
        if not word.startswith("-"):
            return Launch(
                *(("", word) if is_module else (word, "")),
                options=options,
                run_options=tuple(words[:position]),
                arguments=tuple(words[position + 1 :]),
            )
        is_module |= word == "-m"
        position += 2 if word in RUN_OPTIONS else 1
    return Launch(reason="the recorded command line names no script")

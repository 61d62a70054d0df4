"""Questions that a user saved: one file each in the data folder, for the user alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import DefinitionError, DfAnalyzerError, UnknownTagError
from ..support.regular_file import open_regular
from ..support.safe_home import check_home, create_home
from ._checking import check_form
from ._question import Question
from ._shipped import shipped_questions

__all__ = ["remove_question", "save_question", "saved_questions"]

FOLDER = "questions"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def saved_questions(home: Path) -> list[Question]:
    """The questions in a data folder, by name."""
    check_home(home, FOLDER)
    found = []
    for path in sorted((home / FOLDER).glob("*.sql")):
        with open_regular(path) as file:
            found.append(Question(path.stem, file.read().decode("utf-8", "replace"), is_saved=True))
    return found


def save_question(home: Path, name: str, text: str) -> None:
    """Save a question under a name, in place of the one that was saved under it before.

    Raises:
        DefinitionError: the name cannot be one, or is that of an installed question, or the text
            is not one statement that asks.
        DfAnalyzerError: the file cannot be written.
    """
    if not NAME.fullmatch(name):
        raise DefinitionError(
            f"A question's name has letters, digits, '_' and '-', 100 at most. Received: {name!r}."
        )
    if name in {question.name for question in shipped_questions()}:
        raise DefinitionError(f"{name!r} is an installed question: choose another name.")
    check_form(text)
    create_home(home, FOLDER)
    folder = home / FOLDER
    path, new = folder / f"{name}.sql", folder / f"{name}.new"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else f"{text}\n")
        new.replace(path)
    except OSError as error:
        raise DfAnalyzerError(f"{path} cannot be written: {error.strerror}.") from None


def remove_question(home: Path, name: str) -> None:
    """Remove a saved question; raises UnknownTagError if there is none of that name."""
    check_home(home, FOLDER)
    path = home / FOLDER / f"{name}.sql"
    if not NAME.fullmatch(name) or not path.exists():
        raise UnknownTagError(f"No question {name!r} is saved: `keras-prov questions` lists them.")
    path.unlink()

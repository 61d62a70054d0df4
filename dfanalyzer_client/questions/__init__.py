"""Questions in SQL by their names: the paper's, which are installed, and those that users save.

A question begins with a comment that says what it asks. ``:name`` in it is a parameter, whose value
is bound; a comment ``-- :name = value`` gives its default. A comment ``-- needs: …`` says what the
dataflow must have recorded.
"""

from __future__ import annotations

from ._binding import bound, parameters_of
from ._checking import check_form, check_syntax
from ._question import Question
from ._saved import remove_question, save_question, saved_questions
from ._shipped import shipped_questions

__all__ = [
    "Question",
    "bound",
    "check_form",
    "check_syntax",
    "parameters_of",
    "remove_question",
    "save_question",
    "saved_questions",
    "shipped_questions",
]

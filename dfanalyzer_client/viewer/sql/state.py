"""What the screen of SQL is asked: a statement, or a question by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...questions import Question, parameters_of, saved_questions, shipped_questions
from ..database import Database
from ..pages import address

__all__ = ["DATAFLOW", "SqlState", "known_questions", "parameters", "question_of", "schema_of"]

DATAFLOW = "dataflow"
"""The parameter of questions that also names the schema."""


@dataclass(frozen=True)
class SqlState:
    """What an address says of this screen.

    Attributes:
        statement: what was typed; empty: that of the question.
        question: the name of a question.
        dataflow: the dataflow whose sets need no schema.
        values: of parameters, by name.
    """

    statement: str = ""
    question: str = ""
    dataflow: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def address(self, path: str = "sql") -> str:
        """The address of this view, or of what belongs to it."""
        values = {f":{name}": value for name, value in self.values.items()}
        return address(
            path,
            question=self.question,
            statement=self.statement,
            dataflow=self.dataflow,
            **values,
        )


def known_questions(database: Database) -> dict[str, Question]:
    """The paper's questions and the saved ones, by name."""
    known = (*shipped_questions(), *saved_questions(database.home))
    return {question.name: question for question in known}


def question_of(state: SqlState, known: Mapping[str, Question]) -> Question:
    """What is asked: the statement, else the question that the address names."""
    if state.statement.strip() or state.question not in known:
        return Question(state.question or "statement", state.statement)
    return known[state.question]


def schema_of(state: SqlState, question: Question, dataflows: Sequence[str]) -> str:
    """The dataflow that is asked about: the chosen one.

    A question about one dataflow is asked about the newest, if its own does not exist here.
    """
    if state.dataflow or DATAFLOW not in {*question.defaults, *parameters_of(question)}:
        return state.dataflow
    usual = question.defaults.get(DATAFLOW, "")
    return usual if usual in dataflows or not dataflows else dataflows[-1]


def parameters(state: SqlState, question: Question, schema: str) -> dict[str, str]:
    """The parameters of a question by name, with their values; without one: an empty text."""
    values = {**question.defaults, **state.values}
    if schema:
        values[DATAFLOW] = schema
    return {name: values.get(name, "") for name in parameters_of(question)}

"""One run, with all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from typing import Any

from ..keras_schema import Role
from ..keras_schema import names as sets_by_name
from ..store import Connection
from . import run_parts
from .html import run_html
from .plotting import plotted
from .run_list import Runs
from .run_summary import RunSummary
from .table import Table

__all__ = ["Open", "Run"]

Open = Callable[[], AbstractContextManager[Connection]]
"""Gives a connection to the database that has the run, in a ``with``."""


class Run:
    """An execution. What may be large is read when it is asked for, and then kept.

    Attributes:
        summary: what a list of runs says of it.
    """

    def __init__(self, summary: RunSummary, open_: Open) -> None:
        self.summary = summary
        self._open = open_

    @property
    def id(self) -> int:
        """Its id in this database."""
        return self.summary.id

    @property
    def execution(self) -> str:
        """Its tag, which no other execution has."""
        return self.summary.execution

    @property
    def dataflow(self) -> str:
        """The tag of its dataflow."""
        return self.summary.dataflow

    @property
    def status(self) -> str:
        """The status of its last training; else of its last task."""
        return self.summary.status

    @property
    def began(self) -> datetime | None:
        """When its first task began, in UTC."""
        return self.summary.began

    @property
    def ended(self) -> datetime | None:
        """When its last task ended; None while one runs."""
        return self.summary.ended

    @property
    def seconds(self) -> float | None:
        """From its start to its end, or until now."""
        return self.summary.seconds

    @property
    def epochs(self) -> int:
        """How many epochs are stored."""
        return self.summary.epochs

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """The values of its last training, by name."""
        return self.summary.hyperparameters

    @property
    def tags(self) -> Mapping[str, str]:
        """What people tagged it with."""
        return self.summary.tags

    @property
    def note(self) -> str | None:
        """What people noted."""
        return self.summary.note

    @cached_property
    def configuration(self) -> Table:
        """What was chosen: a row for each training, and a column for each hyperparameter."""
        return self._of_role(Role.HYPERPARAMETERS)

    @cached_property
    def layers(self) -> Table:
        """The model's layers: a row for each, with its class, output shape and configuration.

        ``training`` is the first training that the model had these layers in; ``position`` counts
        them from 1, those within a layer behind it; ``configuration`` has the arguments by name.
        """
        with self._open() as connection:
            return run_parts.layer_table(connection, self.dataflow, self.id)

    @cached_property
    def metrics(self) -> Table:
        """A row for each epoch: its training's number, and each metric under its own name."""
        with self._open() as connection:
            return run_parts.epoch_table(connection, self.dataflow, self.id)

    @cached_property
    def adaptations(self) -> Table:
        """A row for each change of the configuration while the model trained."""
        return self._of_role(Role.ADAPTATIONS)

    @cached_property
    def steering(self) -> Table:
        """A row for each request to the training, with what came of it, in order of arrival."""
        with self._open() as connection:
            return run_parts.steering_table(connection, self.id, is_over=self.ended is not None)

    @cached_property
    def tests(self) -> Table:
        """A row for each `evaluate()`."""
        return self._of_role(Role.TESTS)

    @cached_property
    def files(self) -> Table:
        """The files that it read and wrote, with their sizes and SHA-256."""
        with self._open() as connection:
            return run_parts.files(connection, self.id)

    @cached_property
    def environment(self) -> Table:
        """Facts of what it ran in: kind, name and value."""
        return self._of_role(Role.ENVIRONMENT)

    @cached_property
    def data(self) -> Table:
        """Fingerprints of the data of trainings and tests."""
        return self._of_role(Role.DATA)

    @cached_property
    def outcome(self) -> Mapping[str, Any]:
        """How its last training ended: why it stopped, its best epoch, its error."""
        last = self.rows(sets_by_name.TRAINING_END).to_dicts()[-1:]
        errors = [task[-1] for task in self.tasks if task[-1]]
        found = dict(last[0]) if last else {}
        return {**found, "error": errors[-1] if errors else None}

    @cached_property
    def trial(self) -> Mapping[str, Any]:
        """The trial of a search that it is: study, number, parameters, state, value; or empty."""
        chosen, ended = (
            self.rows(sets_by_name.TRIAL).to_dicts(),
            self.rows(sets_by_name.TRIAL_END).to_dicts(),
        )
        if not chosen and not ended:
            return {}
        first = (chosen or ended)[0]
        return {
            **{name: first[name] for name in ("framework", "study", "trial")},
            "parameters": {each["name"]: each["value"] for each in chosen},
            "state": ended[-1]["state"] if ended else None,
            "values": {each["objective"]: each["value"] for each in ended},
        }

    @cached_property
    def tasks(self) -> Table:
        """What was done: trainings, tests, files saved and loaded, and the user's own tasks."""
        with self._open() as connection:
            return run_parts.tasks(connection, self.id)

    @cached_property
    def derived_from(self) -> list[str]:
        """Tags of the executions that this one was derived from."""
        with self._open() as connection:
            return run_parts.derived_from(connection, self.id)

    @cached_property
    def sets(self) -> list[str]:
        """Tags of the sets that have rows of this run."""
        with self._open() as connection:
            return run_parts.sets(connection, self.dataflow, self.id)

    def rows(self, set_tag: str) -> Table:
        """The rows of any set, also of the user's own.

        A set of Keras-Prov that the run did not fill has no rows.

        Raises:
            UnknownTagError: the dataflow has no such set.
        """
        with self._open() as connection:
            return run_parts.set_table(connection, self.dataflow, self.id, set_tag)

    def _of_role(self, role: Role) -> Table:
        with self._open() as connection:
            return run_parts.role_table(connection, self.dataflow, self.id, role)

    def __repr__(self) -> str:
        return repr(Runs([self.summary]))

    def _repr_html_(self) -> str:
        return run_html(self)

    def plot(self, **options: Any) -> Any:
        """Draw its metrics, and mark the adaptations; needs matplotlib.

        Args:
            options: see `dfanalyzer_client.analysis.plots`.
        """
        return plotted("run", self, options)

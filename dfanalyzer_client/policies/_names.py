"""Whether a training has the metrics that a condition names."""

from __future__ import annotations

import difflib

from ..errors import UnknownTagError
from ..executions.own_names import OwnNames
from ..store.comparison.metric_values import epoch_values
from ..store.connection import Connection
from ..store.reading import Catalogue
from ..support.name_lists import listed
from ._condition import Condition
from ._epochs import EPOCH, LEARNING_RATE, SECONDS, newest_training

__all__ = ["check_names"]


def check_names(connection: Connection, condition: Condition, df_exec: int) -> None:
    """Raise UnknownTagError for a name that no epoch of the running training has.

    Before its first epoch is stored, nobody knows what it measures.

    Args:
        connection: to the database.
        condition: the condition.
        df_exec: the id of the execution.
    """
    training = newest_training(connection, df_exec)
    if training is None:
        return
    stored = {each.name for each in epoch_values(connection, [training.task])}
    own = OwnNames(connection, Catalogue(connection)).of([df_exec]) if stored else {}
    known = stored | set(own.values())
    for name in sorted(condition.names - {EPOCH, LEARNING_RATE, SECONDS}):
        if stored and name not in known and name.lower() not in stored:
            close = difflib.get_close_matches(name, known)
            meant = f"Did you mean {' or '.join(close)}?" if close else f"Known: {listed(known)}."
            raise UnknownTagError(f"No epoch of the training has {name!r}. {meant}")

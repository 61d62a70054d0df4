"""`keras_prov.replay`: the changes that were recorded of a training, made again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from dfanalyzer_client.config.store_url import StoreURL

if TYPE_CHECKING:
    from keras.callbacks import Callback

    from dfanalyzer_client.analysis.by_epoch.course import Course
    from dfanalyzer_client.analysis.named import Named

__all__ = ["replay"]

_logger = logging.getLogger("keras_prov")


def replay(
    run: Named = "last",
    *,
    training: int | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Callback:
    """A callback for `fit` that makes the recorded changes of another training again.

    It sets the learning rates that were set, whoever set them (a callback, the program, somebody
    who steered the training), and other attributes that were steered, at the same epochs and
    batches, and stops where somebody has stopped the training. On the same data, and with the same
    seed, the weights are the same bit for bit. The callbacks that made the changes are not needed.

    What is replayed is recorded with the cause ``replay``, and that the execution is derived from
    `run`. A change between two calls of `fit` (``compile``, ``trainable``), or by a schedule of the
    optimizer, is not replayed: the log says so, and the program has to do it again. A rate that was
    assigned to the optimizer's variable itself, not to ``optimizer.learning_rate``, within an epoch
    is known from the next epoch on only.

    Rates are recorded, and set, in single precision, as Keras has them unless its `floatx` is
    float64.

    Example:
        >>> model.fit(x, y, epochs=200, callbacks=[keras_prov.replay("last")])

    Args:
        run: the run that is replayed: its id, its tag, the beginning of its tag, ``last``, or the
            `Run`.
        training: which of its trainings, counted from 1; None: the only one.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Returns:
        The callback. Its ``repr`` says what it does. `fit` raises ValueError if the model or its
        callbacks lack what is to be changed, or the rate is governed by a schedule.

    Raises:
        TypeError: `training` is no number.
        ValueError: the run has no such training, or several and none was chosen.
        UnknownTagError: no run matches, or several do.
        StoreError: the database cannot be queried.
    """
    from dfanalyzer_client.analysis.asking import run as run_named
    from dfanalyzer_client.analysis.by_epoch.course import courses_of
    from dfanalyzer_client.analysis.one_run import Run
    from dfanalyzer_client.analysis.run_summary import RunSummary

    from .callback import BatchReplay, Replay
    from .plan import plan_of

    name = run.execution if isinstance(run, RunSummary) else run
    found = name if isinstance(name, Run) else run_named(name, store=store, home=home)
    plan = plan_of(found.execution, _chosen(courses_of(found), training, found.execution))
    if plan.left_out:
        _logger.warning("Not replayed of %s: %s.", found.execution, "; ".join(plan.left_out))
    return BatchReplay(plan) if plan.has_batches else Replay(plan)


def _chosen(courses: list[Course], training: int | None, execution: str) -> Course:
    """The training that is replayed."""
    if training is not None and (isinstance(training, bool) or not isinstance(training, int)):
        raise TypeError(f"Expected the number of a training, from 1. Received: {training!r}.")
    if training is None and len(courses) == 1:
        return courses[0]
    for course in courses:
        if course.training == training:
            return course
    known = f"{len(courses)} trainings" if courses else "no training"
    if training is None and courses:
        raise ValueError(
            f"Execution {execution!r} has {known}: say which one is replayed, as in "
            f"replay({execution!r}, training={len(courses)})."
        )
    asked = "" if training is None else f", and no training {training}"
    raise ValueError(f"Execution {execution!r} has {known}{asked}. Trainings count from 1.")

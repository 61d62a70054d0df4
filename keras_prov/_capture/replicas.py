"""Processes that train one model together: the first of them records it, for all have the same.

A library that connects them is asked only once the program has done so, and never imported here.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, NamedTuple

import keras

from dfanalyzer_client.config import settings

from .._guard import guarded

__all__ = ["Place", "has_left_out", "is_recorded_elsewhere", "place_of"]

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """The place of this process among those that train one model together."""

    rank: int
    processes: int


ALONE = Place(0, 1)

_has_said = False


def is_recorded_elsewhere(model: object) -> bool:
    """Whether another process records what this one does with `model`; that is said once."""
    place = ALONE
    with guarded("looking for other processes of a training"):
        place = place_of(model)
    if place.rank == 0 or settings.records_all_replicas():
        return False
    _say(place)
    return True


def has_left_out() -> bool:
    """Whether this process has recorded nothing of something, as another process records it."""
    return _has_said


def place_of(model: object) -> Place:
    """The place of this process among those that train `model`."""
    find = _FINDERS.get(keras.config.backend())
    return ALONE if find is None else find(model)


def _jax(_: object) -> Place:
    """Processes of `jax.distributed`, if a distribution of Keras spans them."""
    state: Any = getattr(sys.modules.get("jax._src.distributed"), "global_state", None)
    if getattr(state, "client", None) is None or keras.distribution.distribution() is None:
        return ALONE
    return Place(int(state.process_id), int(state.num_processes))


def _tensorflow(model: object) -> Place:
    """Workers of a MultiWorkerMirroredStrategy; its evaluator is no part of the training."""
    strategy: Any = getattr(model, "distribute_strategy", None)
    tensorflow: Any = sys.modules.get("tensorflow")
    if not isinstance(strategy, tensorflow.distribute.MultiWorkerMirroredStrategy):
        return ALONE
    resolver = strategy.cluster_resolver
    jobs = resolver.cluster_spec().as_dict()
    chiefs, workers = len(jobs.get("chief", ())), len(jobs.get("worker", ()))
    if resolver.task_type not in ("chief", "worker"):
        return ALONE
    before = chiefs if resolver.task_type == "worker" else 0
    return Place(before + int(resolver.task_id or 0), chiefs + workers)


def _torch(_: object) -> Place:
    """Processes of the default group of `torch.distributed`."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return ALONE
    return Place(int(distributed.get_rank()), int(distributed.get_world_size()))


_FINDERS = {"jax": _jax, "tensorflow": _tensorflow, "torch": _torch}


def _say(place: Place) -> None:
    global _has_said
    if not _has_said:
        _has_said = True
        logger.warning(
            "This process is number %d of %d that train a model together: the first one records "
            "the training, this one records nothing. KERAS_PROV_REPLICAS=all records each.",
            place.rank + 1,
            place.processes,
        )

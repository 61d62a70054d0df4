"""What is asked of one running training is done between two of its steps, or refused.

Everything here runs on the training's thread. Requests come through an inbox, which the exporter's
thread fills. Each one that is taken gets exactly one outcome.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from dfanalyzer_client.declarations.steering import (
    SteeringAction,
    SteeringInbox,
    SteeringRequest,
    SteeringState,
)
from dfanalyzer_client.file import WRITTEN
from dfanalyzer_client.support.clock import utc_now
from dfanalyzer_client.support.error_text import error_text
from dfanalyzer_client.support.terminal import terminal_line

from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._recording.events import Adaptation
from .._recording.execution import Execution
from .checkpoint import save_checkpoint
from .moment import Moment
from .outcomes import Done, outcome_message
from .refusal import Refusal
from .setting import Changing, Setting
from .step import runs_in_processes

__all__ = ["Steered", "Steering"]

PAUSE_SECONDS = 1.0
"""A pause looks up this often, as Ctrl-C does not interrupt a longer wait everywhere."""

_logger = logging.getLogger("keras_prov")


class Steered(Protocol):
    """What a training lets be done to it."""

    @property
    def changing(self) -> Changing:
        """Surrounds assignments to optimizers."""

    def record_adaptation(self, adaptation: Adaptation) -> None:
        """Record a change."""

    def stops(self, who: str) -> None:
        """Note who has stopped the training, unless it was stopping already."""


class Steering:
    """Requests to one training.

    Args:
        execution: the execution that the training belongs to.
        fit_call: the model that is fitted and the arguments of `fit`.
        steered: where changes are made known.
    """

    def __init__(self, execution: Execution, fit_call: FitCall, steered: Steered) -> None:
        self._execution, self._fit_call, self._steered = execution, fit_call, steered
        self._inbox: SteeringInbox = execution.inbox
        self._waiting: list[SteeringRequest] = []
        self._setting = Setting(fit_call, steered.changing, steered.record_adaptation)
        self._is_paused = False
        self._does: dict[SteeringAction, Callable[[SteeringRequest, Moment], Done]] = {
            SteeringAction.SET: self._set,
            SteeringAction.STOP: self._stop,
            SteeringAction.STOP_NOW: self._stop,
            SteeringAction.PAUSE: self._pause,
            SteeringAction.RESUME: self._resume,
            SteeringAction.CHECKPOINT: self._checkpoint,
        }

    def begin(self, first_epoch: int) -> None:
        """Say what may be asked, look for requests from now on, and do what is asked already."""
        config = self._execution.config
        config.client.save_steering_offer(
            {
                "dataflow": self._execution.dataflow.tag,
                "exec": self._execution.tag,
                "actions": sorted(config.steering),
                "offered": utc_now(),
            }
        )
        config.client.watch_steering(self._inbox)
        self.answer(Moment(None, None, first_epoch))

    def answer(self, moment: Moment) -> None:
        """Do what is due, and stay here while the training is paused."""
        if not (self._waiting or self._inbox.has_news):
            return
        self._take(moment)
        while self._is_paused and not self._stops_after(moment):
            if self._inbox.wait(PAUSE_SECONDS):
                self._take(moment)
        self._is_paused = False

    def end(self, moment: Moment) -> None:
        """Refuse what still waits, also for a condition, as no step will follow."""
        self._execution.config.client.unwatch_steering(self._inbox)
        self._waiting += self._inbox.close()
        left, self._waiting = self._waiting, []
        for request in left:
            self._send(request, moment, _too_late(request, moment))

    def _take(self, moment: Moment) -> None:
        """Take what has come, and answer what is due; the rest waits."""
        self._waiting += self._inbox.take()
        waiting, self._waiting = self._waiting, []
        for place, request in enumerate(waiting):
            try:
                if self._is_due(request, moment):
                    self._answer(request, moment)
                else:
                    self._waiting.append(request)
            except BaseException:  # Ctrl-C: the rest is refused at the training's end
                self._waiting += waiting[place + 1 :]
                raise

    def _is_due(self, request: SteeringRequest, moment: Moment) -> bool:
        if not self._is_allowed(request):
            return True
        if not self._holds(request, moment):
            return False
        if request.action is SteeringAction.STOP and moment.batch is not None:
            return False  # at the epoch's end
        is_over = moment.is_last or (moment.batch is None and self._is_stopping())
        return not is_over or request.action is SteeringAction.CHECKPOINT

    def _holds(self, request: SteeringRequest, moment: Moment) -> bool:
        """Whether the time that it is meant for has come."""
        if request.condition is not None and request.fulfilled_by is None:
            return False
        return request.at_epoch is None or request.at_epoch <= moment.first_epoch

    def _stops_after(self, moment: Moment) -> bool:
        """Whether a stop waits for the epoch's end, which a pause must not delay."""
        return any(
            request.action is SteeringAction.STOP and self._holds(request, moment)
            for request in self._waiting
        )

    def _is_allowed(self, request: SteeringRequest) -> bool:
        return request.action in self._execution.config.steering

    def _is_stopping(self) -> bool:
        return bool(getattr(self._fit_call.model, "stop_training", False))

    def _answer(self, request: SteeringRequest, moment: Moment) -> None:
        outcome: Done | Refusal = Refusal("Keras-Prov was interrupted while it answered.")
        try:
            with guarded("steering", self, lost="what a request has changed"):
                try:
                    outcome = self._done(request, moment)
                except Refusal as refusal:
                    outcome = refusal
                except Exception as error:
                    outcome = Refusal(f"Keras-Prov failed: {error_text(error)}")
                    raise
        finally:
            self._send(request, moment, outcome)

    def _done(self, request: SteeringRequest, moment: Moment) -> Done:
        if not self._is_allowed(request):
            allowed = ", ".join(sorted(self._execution.config.steering))
            raise Refusal(
                f"This training does not let {request.action} be asked, only {allowed}: its script "
                "says so by the argument steering."
            )
        if runs_in_processes(self._fit_call.model):
            raise Refusal(
                "The training runs in several processes, which would all have to do this at the "
                "same step. Stop it, and continue it with what you want to change."
            )
        done = self._does[request.action](request, moment)
        late = request.at_epoch is not None and moment.has_begun(request.at_epoch)
        notes = (request.fulfilled_by, done.detail, _late(request) if late else None)
        return done._replace(detail="; ".join(filter(None, notes)) or None)

    def _send(self, request: SteeringRequest, moment: Moment, outcome: Done | Refusal) -> None:
        message = outcome_message(self._inbox, request, moment, outcome)
        self._execution.config.client.save_steering_outcome(message)

    def _set(self, request: SteeringRequest, moment: Moment) -> Done:
        self._sync()
        old, new = self._setting.set(request, moment)
        return Done(SteeringState.APPLIED, old, new)

    def _stop(self, request: SteeringRequest, moment: Moment) -> Done:
        """Stop at the epoch's end, or in mid-epoch after the batch that follows."""
        self._steered.stops(who_and_why(request))
        self._fit_call.model.stop_training = True
        self._is_paused = False
        return Done(SteeringState.APPLIED)

    def _pause(self, request: SteeringRequest, moment: Moment) -> Done:
        if self._is_paused:
            raise Refusal("The training is paused already.")
        self._is_paused = True
        _logger.warning(
            "The training is paused by %s. It goes on after: keras-prov steer '%s' --resume",
            terminal_line(who_and_why(request)),
            self._execution.tag,
        )
        return Done(SteeringState.APPLIED)

    def _resume(self, request: SteeringRequest, moment: Moment) -> Done:
        if not self._is_paused:
            raise Refusal("The training is not paused.")
        self._is_paused = False
        return Done(SteeringState.APPLIED)

    def _checkpoint(self, request: SteeringRequest, moment: Moment) -> Done:
        self._sync()
        fact = save_checkpoint(self._fit_call.model, request.target)
        self._execution.record_file(fact, WRITTEN)
        return Done(SteeringState.APPLIED, detail=fact.path)

    def _sync(self) -> None:
        """Give the model's variables their values; in mid-epoch JAX's trainer has them."""
        sync: Any = getattr(self._fit_call.model, "jax_state_sync", None)
        if sync is not None:
            sync()


def who_and_why(request: SteeringRequest) -> str:
    """``PERSON: REASON``, or only the person."""
    return f"{request.person}: {request.reason}" if request.reason else request.person


def _too_late(request: SteeringRequest, moment: Moment) -> Refusal:
    after = "before its first epoch" if moment.epoch is None else f"after epoch {moment.epoch}"
    never = ", and the condition was never fulfilled"
    is_unfulfilled = request.condition is not None and request.fulfilled_by is None
    return Refusal(f"The training has ended {after}{never * is_unfulfilled}.")


def _late(request: SteeringRequest) -> str:
    return f"epoch {request.at_epoch} had begun already"

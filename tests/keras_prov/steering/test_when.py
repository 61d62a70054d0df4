"""When requests are answered: at an epoch, in a pause, by the training that is asked, or never."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import keras
import numpy as np
import pytest

from dfanalyzer_client import flush, run, steer
from dfanalyzer_client.errors import DfAnalyzerError
from keras_prov._capture.steering import checked_steering
from keras_prov._recording.registry import execution_of
from keras_prov._training.recorded_training import _trainings
from small_models import data, small_model
from steered import Ask, Recorder, asked, outcomes, put

RATE = "learning_rate"


def steerable(tag: str, **provenance: Any) -> Any:
    model = small_model()
    model.provenance(tag, **{"adaptation": True, "steering": True, **provenance})
    return model


def fit(model: Any, *callbacks: Any, epochs: int = 4, **arguments: Any) -> Any:
    model.fit(
        *data(), batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks), **arguments
    )
    return model


def answers(model: Any) -> list[tuple[Any, ...]]:
    return [(each["state"], each.get("epoch"), each.get("batch")) for each in outcomes(model)]


def test_a_request_waits_for_its_epoch(tag: str, ask: Any) -> None:
    """What is asked in epoch 0 for epoch 3 is applied at the end of epoch 2."""
    model = fit(steerable(tag), Ask({(0, 1): [asked("set", RATE, 0.5, at_epoch=3)]}))
    assert answers(model) == [("applied", 2, None)]
    assert ask.set(tag, "oAdaptation", "epoch_id, batch, new_lrate") == [(3, None, 0.5)]


def test_a_request_for_the_first_epoch_holds_from_its_first_step(tag: str, ask: Any) -> None:
    """A request that waits when `fit` begins is applied before its first step, once recorded."""
    model = steerable(tag)
    put(model, [asked("set", RATE, 0.5, at_epoch=2)])
    fit(model, initial_epoch=2)
    plain = small_model()
    plain.optimizer.learning_rate = 0.5
    fit(plain, initial_epoch=2)
    assert all(map(np.array_equal, model.get_weights(), plain.get_weights()))
    assert answers(model) == [("applied", None, None)]
    assert ask.set(tag, "oAdaptation", "epoch_id, old_lrate, new_lrate, cause") == [
        (2, 0.01, 0.5, "steering")
    ]


def test_a_request_for_an_epoch_that_has_begun_is_applied_at_once(tag: str) -> None:
    """It is done late rather than never, and the outcome says so."""
    model = fit(steerable(tag), Ask({(2, 1): [asked("set", RATE, 0.5, at_epoch=1)]}))
    assert answers(model) == [("applied", 2, 1)]
    assert outcomes(model)[0]["detail"] == "epoch 1 had begun already"


def test_what_still_waits_at_the_end_is_refused(tag: str) -> None:
    """An epoch that does not come, a condition that is not fulfilled, a rate for no further step:
    each is refused once."""
    beyond = asked("set", RATE, 0.5, at_epoch=9)
    unfulfilled = asked("stop", condition="loss > 9")
    late = asked("set", RATE, 0.5)
    model = fit(steerable(tag), Ask({(0, 1): [beyond, unfulfilled], (3, None): [late]}))
    assert answers(model) == [("refused", 3, None)] * 3
    said = "The training has ended after epoch 3"
    assert sorted(each["detail"] for each in outcomes(model)) == [
        f"{said}, and the condition was never fulfilled.",
        f"{said}.",
        f"{said}.",
    ]
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.01)


def test_a_policy_that_is_never_fulfilled_is_refused_at_the_end(tag: str) -> None:
    """It waits in the database, not in the training, and gets its outcome all the same, once."""
    model = steerable(tag)

    class Asks(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                steer(model.exec_tag, when="loss > 1e9", stop=True, person="Ada")
                execution = execution_of(model)
                assert execution is not None
                with execution.inbox._changed:
                    assert execution.inbox._changed.wait_for(lambda: inbox_expects(execution), 60)

    def inbox_expects(execution: Any) -> bool:
        return bool(execution.inbox._expected)

    fit(model, Asks())
    assert flush(60)
    (request,) = run(model.exec_tag).steering.to_dicts()
    assert (request["state"], request["epoch"]) == ("refused", 3)
    assert "the condition was never fulfilled" in request["detail"]
    assert len(outcomes(model)) == 1


def test_a_fulfilled_condition_is_named(tag: str, ask: Any) -> None:
    """What fulfilled a condition is in the outcome and in the adaptation."""
    why = "epoch 0: loss 2.5 > 2"
    request = asked("set", RATE, 0.5, condition="loss > 2", fulfilled_by=why)
    model = fit(steerable(tag), Ask({(0, None): [request]}))
    assert outcomes(model)[0]["detail"] == why
    assert ask.set(tag, "oAdaptation", "detail") == [(why,)]


def test_early_stopping_keeps_its_stop(tag: str, ask: Any) -> None:
    """A stop asked for when EarlyStopping has stopped the training already is refused."""
    early = keras.callbacks.EarlyStopping("loss", min_delta=100.0, patience=1)
    model = fit(steerable(tag), early, Ask({(1, None): [asked("stop")]}))
    assert ask.set(tag, "oTrainingEnd", "stop_reason") == [("EarlyStopping",)]
    assert answers(model) == [("refused", 1, None)]


def test_only_what_is_allowed_is_done(tag: str) -> None:
    """A training that lets only be stopped refuses the rest, and has no hook for batches."""
    recorder = Recorder()
    request = {(1, 1): [asked("set", RATE, 0.5), asked("pause"), asked("stop")]}
    model = fit(steerable(tag, steering=["stop"]), recorder, Ask(request))
    assert answers(model) == [("refused", 1, None), ("refused", 1, None), ("applied", 1, None)]
    assert "only stop" in outcomes(model)[0]["detail"]


def test_a_resume_needs_a_pause_and_a_pause_none(tag: str) -> None:
    """A training that runs cannot be resumed, nor one that is paused paused again."""

    def again() -> None:
        put(model, [asked("pause"), asked("resume")])

    model = steerable(tag)
    asking = Ask({(0, 1): [asked("resume"), asked("pause")]}, again)
    fit(model, asking)
    assert [state for state, *_ in answers(model)] == ["refused", "applied", "refused", "applied"]


@pytest.mark.parametrize("action", ["stop", "stop-now"])
def test_a_stop_ends_a_pause(action: str, tag: str, ask: Any) -> None:
    """A paused training can be stopped: at once, or after the epoch in which it was paused."""
    recorder, model = Recorder(), steerable(tag)
    pausing = Ask({(1, 1): [asked("pause")]}, lambda: put(model, [asked(action)]))
    fit(model, recorder, pausing)
    assert recorder.batches[-1] == ((1, 4) if action == "stop" else (1, 2))
    assert ask.set(tag, "oTrainingEnd", "stop_reason, epochs_done") == [("steering", 2)]


def test_ctrl_c_ends_a_pause(tag: str, ask: Any) -> None:
    """An interrupt in a pause interrupts the training, and what still waits is refused."""
    model = steerable(tag)
    waiting = asked("set", RATE, 0.5, at_epoch=3)

    def interrupt() -> None:
        moments = threading.Event()
        while not outcomes(model):
            moments.wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    pausing = Ask({(1, 1): [asked("pause"), waiting]}, interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(model, pausing)
    assert ask.set(tag, "oTrainingEnd", "stop_reason") == [("interrupt",)]
    assert [state for state, *_ in answers(model)] == ["applied", "refused"]


def test_each_fit_of_an_execution_answers_once(tag: str) -> None:
    """A request is known to all trainings of the execution; the next one gets what is new."""
    model, known = steerable(tag), asked("set", RATE, 0.5)
    fit(model, Ask({(0, None): [known]}), epochs=2)
    fit(model, Ask({(2, None): [known, asked("set", RATE, 0.25)]}), epochs=4, initial_epoch=2)
    model.evaluate(*data(), verbose=0)
    assert answers(model) == [("applied", 0, None), ("applied", 2, None)]


def test_models_in_threads_get_their_own_requests(tag: str) -> None:
    """Two trainings at once: each does what it is asked, and nothing else."""
    models = [steerable(f"{tag}{number}") for number in range(2)]
    threads = [
        threading.Thread(
            target=fit, args=(model, Ask({(0, None): [asked("set", RATE, 0.5 / (number + 1))]}))
        )
        for number, model in enumerate(models)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[each["newValue"] for each in outcomes(model)] for model in models] == [
        ["0.5"],
        ["0.25"],
    ]


def test_a_training_in_a_callback_of_another_leaves_it_its_requests(tag: str) -> None:
    """A fit() within a callback is steered by itself; the outer one goes on being steered."""
    inner, outer = steerable(f"{tag}inner"), steerable(tag)

    class Nested(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 0:
                fit(inner, Ask({(0, None): [asked("stop")]}))

    fit(outer, Nested(), Ask({(1, None): [asked("set", RATE, 0.5)]}))
    assert answers(inner) == [("applied", 0, None)]
    assert answers(outer) == [("applied", 1, None)]


def test_steering_is_recorded_without_adaptation(tag: str, ask: Any) -> None:
    """What steering has changed is recorded even if changes are not captured otherwise."""
    model = steerable(tag, adaptation=False)
    fit(model, Ask({(0, None): [asked("set", RATE, 0.5)]}))
    assert ask.set(tag, "oAdaptation", "epoch_id, old_lrate, new_lrate") == [(1, 0.01, 0.5)]


def test_a_failure_of_ours_refuses_the_request(
    tag: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A value that breaks our code is refused with the error, and the training goes on."""
    monkeypatch.setenv("KERAS_PROV_STRICT", "0")

    class Odd(keras.optimizers.SGD):
        def __init__(self, odd: float = 1.0) -> None:
            super().__init__(0.01)

        @property
        def odd(self) -> float:
            raise OSError("no such number")

    model = steerable(tag)
    model.compile(Odd(), "mse")
    fit(model, Ask({(0, None): [asked("set", "momentum", 0.5), asked("set", RATE, 0.5)]}))
    assert [state for state, *_ in answers(model)] == ["refused", "applied"]
    assert "no such number" in outcomes(model)[0]["detail"]
    assert "Keras-Prov failed in steering" in caplog.text
    assert len(model.history.epoch) == 4


def test_a_forked_child_takes_no_requests(tag: str) -> None:
    """A child that goes on with the parent's training answers nothing."""

    class Fork(keras.callbacks.Callback):
        said: bytes = b""

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch != 1:
                return
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                parents = [each._steered for each in _trainings if each._execution is execution]
                os.write(write, repr(parents).encode())
                os._exit(0)
            os.waitpid(child, 0)
            self.said = os.read(read, 100)

    if keras.backend.backend() == "jax":
        pytest.skip("JAX does not survive a fork")
    model, fork = steerable(tag), Fork()
    execution = execution_of(model)
    fit(model, fork, Ask({(2, None): [asked("set", RATE, 0.5)]}))
    assert fork.said == b"[None]"
    assert answers(model) == [("applied", 2, None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 6), ("0", 0), ("set,stop", 2), ("pause", 2), ("", 0)],
)
def test_the_setting_says_what_may_be_asked(
    text: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KERAS_PROV_STEERING is on, off or a list; who may pause may also resume."""
    monkeypatch.setenv("KERAS_PROV_STEERING", text)
    assert len(checked_steering(None)) == expected


def test_wrong_choices_are_refused_at_the_call(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown action, another type or setting raises, and says what is expected."""
    model: Any = small_model()
    with pytest.raises(ValueError, match="stop-now"):
        model.provenance(tag, steering=["halt"])
    with pytest.raises(TypeError, match="steering="):
        model.provenance(tag, steering="stop")
    monkeypatch.setenv("KERAS_PROV_STEERING", "halt")
    with pytest.raises(DfAnalyzerError, match="KERAS_PROV_STEERING"):
        model.provenance(tag)

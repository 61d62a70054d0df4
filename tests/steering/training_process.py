"""A training without Keras, for those who ask: it writes epochs, watches its inbox, and answers.

It is the real client, journal and exporter; only the numbers are made up. It reads commands from
its standard input, a line each, and says what happens on its standard output:

- ``epoch {"loss": 0.5}`` writes the next epoch and waits until it is stored;
- ``answer SECONDS`` waits for a request and applies it; ``refuse SECONDS`` refuses it;
- ``end`` ends the training.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetRole,
    SetType,
    Transformation,
    flush,
)
from dfanalyzer_client.declarations.messages import SteeringOutcomeMessage
from dfanalyzer_client.declarations.steering import SteeringAction, SteeringInbox, SteeringRequest
from dfanalyzer_client.support.clock import utc_now

__all__ = ["FakeTraining"]

ALL = [action.value for action in SteeringAction]


class FakeTraining:
    """An execution that trains, and takes part in steering.

    Args:
        tag: the dataflow's.
        metrics: what it measures in each epoch.
        actions: what may be asked of it; None: it does not take part.
    """

    def __init__(
        self, tag: str, metrics: tuple[str, ...] = ("loss",), actions: list[str] | None = ALL
    ) -> None:
        attributes = [Attribute(name, AttributeType.NUMERIC) for name in ("epoch_id", *metrics)]
        out = Set("oTrainingModel", SetType.OUTPUT, attributes, role=SetRole.EPOCHS)
        self.flow = Dataflow(tag, [Transformation("TrainingModel", [out])])
        self.flow.save()
        self._running = self.flow.task("TrainingModel")
        self.task = self._running.__enter__()
        self.epoch = 0
        self.client = self.flow.client
        self.inbox = SteeringInbox(self.flow.tag, self.flow.exec_tag)
        if actions is not None:
            self.client.save_steering_offer(
                {
                    "dataflow": self.flow.tag,
                    "exec": self.flow.exec_tag,
                    "actions": actions,
                    "offered": utc_now(),
                }
            )
            self.client.watch_steering(self.inbox)
        assert flush(60)

    def measured(self, **metrics: float) -> None:
        """Write an epoch, and wait until it is stored."""
        self.task.generated("oTrainingModel", epoch_id=self.epoch, **metrics)
        self.epoch += 1
        assert flush(60)

    def taken(self, seconds: float = 30) -> list[SteeringRequest]:
        """The requests that come within some seconds."""
        self.inbox.wait(seconds)
        return self.inbox.take()

    def answer(self, request: SteeringRequest, state: str = "applied", **more: Any) -> None:
        """Write what came of a request."""
        message: SteeringOutcomeMessage = {
            "dataflow": self.flow.tag,
            "exec": self.flow.exec_tag,
            "request": request.id,
            "state": state,
            "decided": utc_now(),
            "epoch": self.epoch,
            **more,  # type: ignore[typeddict-item]
        }
        self.client.save_steering_outcome(message)

    def end(self) -> None:
        """End the training."""
        self.client.unwatch_steering(self.inbox)
        self._running.__exit__(None, None, None)
        assert flush(60)


def say(**words: Any) -> None:
    """Write a line of JSON on standard output."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Train as the lines on standard input say."""
    training = FakeTraining(sys.argv[1])
    say(execution=training.flow.exec_tag)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        said: dict[str, Any] = {}
        if word == "epoch":
            training.measured(**json.loads(rest))
        elif word in ("answer", "refuse"):
            found = training.taken(float(rest))
            for each in found:
                more = {"oldValue": "0.1", "newValue": json.dumps(each.value)}
                state = "applied" if word == "answer" else "refused"
                training.answer(each, state, **(more if each.value is not None else {}))
            said = {"taken": [each.id for each in found]}
        elif word == "end":
            training.end()
        say(done=word, **said)


if __name__ == "__main__":
    main()

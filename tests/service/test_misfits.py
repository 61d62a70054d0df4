"""Values that do not fit, in messages to the service."""

from __future__ import annotations

from service.conftest import Stored
from service.running import Service, dataflow_message, service, task_message


def test_a_refusal_names_the_setting(running: Service, tag: str) -> None:
    """A 422 says how the task would be stored."""
    running.dataflow(dataflow_message(tag))
    sets = [{"tag": "itrainingmodel", "elements": [["SGD", "slow"]]}]
    answer = running.task(task_message(tag, sets=sets))
    assert answer.status == 422
    assert "set KERAS_PROV_MISFITS=leave_out" in answer.detail


def test_a_service_may_leave_out_what_does_not_fit(tag: str, stored: Stored) -> None:
    """In JSON and in text: the rest is stored, and the service's log has what was left out."""
    with service(KERAS_PROV_MISFITS="leave_out") as lenient:
        lenient.dataflow(dataflow_message(tag))
        rows = [["SGD", "slow"], ["SGD"], ["Adam", "0.1"]]
        sets = [{"tag": "itrainingmodel", "elements": rows}]
        assert lenient.task(task_message(tag, sets=sets)).status == 200
        rows_as_text = "collection(otrainingmodel,{{low};{0.5}})"
        text = f"task({tag},trainingmodel,2, ,FINISHED)\n{rows_as_text}"
        assert lenient.ask("/pde/task", text.encode()).status == 200
        found = stored(
            f'SELECT optimizer_name, learning_rate FROM "{tag}".itrainingmodel ORDER BY id', 2
        )
        losses = stored(f'SELECT loss FROM "{tag}".otrainingmodel ORDER BY id', 2)
        said = lenient.end()
    assert found == [("SGD", None), ("Adam", 0.1)]
    assert losses == [(None,), (0.5,)]
    assert "attribute 'learning_rate': 'slow'; set 'itrainingmodel', element 1: ['SGD']" in said
    assert "Task 2 of 'trainingmodel'" in said
    assert "attribute 'loss': 'low'" in said

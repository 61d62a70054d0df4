"""Requests to a running training in its PROV document."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from prov.model import ProvAssociation, ProvCommunication

import keras_prov as keras
from dfanalyzer_client import prov_document
from dfanalyzer_client.export.graph._graph import graph_of
from dfanalyzer_client.export.prov import FORMATS
from w3c_prov.asking import Document, local, value
from w3c_prov.constraints import violations
from w3c_prov.prov_o import problems
from w3c_prov.round_trip import differences
from w3c_prov.test_formats import READERS, read_back


class Asks(keras.callbacks.Callback):
    """Asks once, in the second epoch; the training goes on until it is stopped."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch != 1:
            return
        keras.flush(60)
        run = self.model.exec_tag
        keras.steer(
            run, set={"learning_rate": 0.25}, person="Ada", reason="token=hunter2 <it rises>"
        )
        keras.steer(run, set={"nope": 1}, person="Bob")
        keras.steer(run, stop=True, person="Ada", reason="good enough")


@pytest.fixture
def document(tag: str) -> Any:
    """The document of a training of which three things were asked."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps={"LEARNING_RATE": True}, steering=True)
    x = np.ones((8, 2), "float32")
    model.fit(x, x[:, :1], epochs=10**6, verbose=0, callbacks=[Asks()])
    assert keras.flush(60)
    return prov_document(model.exec_tag)


def test_what_was_asked_informs_what_came_of_it(document: Any) -> None:
    """Each request is an activity of who asked; the change and the stop are informed by theirs."""
    found = Document(document)
    requests = found.of_type("SteeringRequest")
    assert [value(each, "action") for each in requests] == ["set", "set", "stop"]
    assert [value(each, "status") for each in requests] == ["applied", "refused", "applied"]
    assert value(requests[0], "newValue") == 0.25
    assert value(requests[0], "asked") is not None
    assert "hunter2" not in document.get_provn()
    first, _, third = asked = [local(each.identifier) for each in requests]
    informed = {
        local(each.args[1]): local(each.args[0])
        for each in document.get_records(ProvCommunication)
        if local(each.args[1]).startswith("request")
    }
    assert informed == {first: "task.adaptation.1", third: "task.trainingmodel.1"}
    people = {
        (local(each.args[0]), local(each.args[1]))
        for each in document.get_records(ProvAssociation)
        if local(each.args[1]) in ("person.Ada", "person.Bob")
    }
    assert people == {
        *zip(asked, ("person.Ada", "person.Bob", "person.Ada"), strict=True),
        ("task.adaptation.1", "person.Ada"),
    }


@pytest.mark.parametrize("format_", ["provn", "json", "xml", "turtle"])
def test_documents_with_requests_are_valid(document: Any, format_: str) -> None:
    """They keep the constraints of PROV, and the formats say the same of the requests."""
    assert violations(document) == []
    text = FORMATS[format_].text(document)
    assert text.count("SteeringRequest") >= 3
    if format_ == "turtle":
        assert problems(text) == []
    if format_ in READERS:
        assert differences(document, read_back(text, format_, document)) == []


def test_a_graph_has_the_requests(document: Any) -> None:
    """Each is a node with its label, joined to who asked and to what it informed."""
    graph = graph_of(document)
    requests = {key for key, node in graph.nodes.items() if "SteeringRequest" in node.labels}
    assert [graph.nodes[key].properties["kp:action"] for key in sorted(requests)] == [
        "set",
        "set",
        "stop",
    ]
    joined = [
        (type_, graph.nodes[end].labels)
        for type_, begin, end in graph.relationships
        if begin in requests
    ]
    assert joined == [("wasAssociatedWith", ("Person",))] * 3
    informing = [
        end for type_, _, end in graph.relationships if type_ == "wasInformedBy" and end in requests
    ]
    assert len(informing) == 2

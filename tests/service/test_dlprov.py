"""What DLProv's own client sends."""

from __future__ import annotations

import json

from dfanalyzer_client import prov_document
from service.conftest import Stored
from service.running import Service


def test_dlprovs_own_client_is_not_taken_for_the_services_account(
    running: Service, tag: str, stored: Stored
) -> None:
    """Who and what its messages name are the agents; if they name nobody, there is no person."""
    itrain = {
        "tag": "iTrain",
        "type": "INPUT",
        "attributes": [{"name": "LEARNING_RATE", "type": "NUMERIC"}],
    }
    running.dataflow(
        {
            "tag": tag,
            "predefined": True,
            "email": "bob@example.org",
            "transformations": [{"tag": "Train", "sets": [itrain]}],
        }
    )
    task = {"dataflow": tag, "transformation": "train", "id": "1", "status": "FINISHED"}
    named = {
        "email": "bob@example.org",
        "hardware": json.dumps({"hostname": "node7", "gpus": ["A100", "A100"], "os_version": "6"}),
    }
    rate = [{"tag": "itrain", "elements": [["0.5"]]}]
    first = {**task, **named, "exec": f"{tag}-1", "first": "1", "sets": rate}
    assert running.ask("//pde/task/json", first).status == 200  # as it joins address and path
    running.task({**task, "exec": f"{tag}-2", "sets": rate})
    stored(f'SELECT id FROM "{tag}".itrain', 2)
    text = prov_document(f"{tag}-1").get_provn()
    assert 'kp:email="bob@example.org"' in text
    assert 'kp:host="node7", kp:gpus="A100, A100"' in text
    assert "prov:type='prov:Person'" not in prov_document(f"{tag}-2").get_provn()

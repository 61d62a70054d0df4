"""The service keeps to its OpenAPI document, whatever is sent: schemathesis makes the requests."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.running import Service, dataflow_message, task_message

pytestmark = pytest.mark.thorough

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = {
    "/pde/dataflow": "POST",
    "/pde/dataflow/json": "POST",
    "/pde/task": "POST",
    "/pde/task/json": "POST",
    "/api/dataflows/list": "GET",
    "/api/dataflows/{id}": "GET",
    "/api/query": "POST",
    "/query_interface/{dataflow_tag}/{dataflow_id}": "POST",
    "/downloadCSV": "GET",
}
EXAMPLES = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture
def document(running: Service) -> Any:
    """What the service says of itself."""
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{running.port}/openapi.json")


def test_all_operations_are_tried_below(document: Any) -> None:
    """The document has those, and no other."""
    found = [each.ok() for each in document.get_all_operations()]
    assert {each.path: each.method.upper() for each in found} == OPERATIONS


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name)
@pytest.mark.parametrize("path", OPERATIONS)
def test_every_answer_is_one_that_is_documented(
    document: Any, path: str, mode: GenerationMode
) -> None:
    """To requests that keep to it and to such as do not: no server error, no other status or body.

    What takes no arguments cannot be asked wrongly.
    """
    operation = document[path][OPERATIONS[path]]
    if mode is GenerationMode.NEGATIVE and path in ("/api/dataflows/list", "/downloadCSV"):
        return

    @EXAMPLES
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    asked()


@pytest.mark.parametrize("path", ["/pde/task/json", "/api/query"])
def test_what_is_said_of_a_known_dataflow_ends_no_worse(
    document: Any, running: Service, path: str
) -> None:
    """The same, where what is wrong is found further in."""
    tag = "schemathesis"
    running.dataflow(dataflow_message(tag))
    known = {
        "/pde/task/json": {
            name: task_message(tag)[name] for name in ("dataflow", "exec", "transformation")
        },
        "/api/query": {"dataflow": tag, "source": ["itrainingmodel"], "target": ["otrainingmodel"]},
    }[path]

    @EXAMPLES
    @given(case=document[path]["POST"].as_strategy())
    def asked(case: Any) -> None:
        if isinstance(case.body, dict):
            case.body = {**case.body, **known}
            for data in case.body.get("sets", ()):
                if isinstance(data, dict):
                    data["tag"] = "itrainingmodel"
        case.call_and_validate(checks=CHECKS)

    asked()

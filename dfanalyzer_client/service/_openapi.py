"""The OpenAPI document's part about routes that read their bodies themselves."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from ._models import Accepted, PathQuery
from .messages.dataflow import DataflowMessage
from .messages.task import TaskMessage

__all__ = ["DATAFLOW_EXAMPLE", "TASK_EXAMPLE", "add_schemas", "takes", "takes_text"]

DATAFLOW_EXAMPLE = """dataflow(shop)
dataset(iclean,{customerid;country},{NUMERIC;TEXT})
dataset(oclean,{customerid},{NUMERIC})
transformation(clean,{iclean},{oclean},{})"""
TASK_EXAMPLE = """task(shop,clean,1, ,FINISHED)
collection(iclean,{{1;Chile};{2;Peru}})
collection(oclean,{{1}})"""


def takes(model: type[BaseModel], answer: type[BaseModel] = Accepted) -> dict[str, Any]:
    """The documentation of a route that reads its body itself.

    FastAPI would refuse JSON that is sent under another content type, as curl sends it.
    """
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    body = {"content": {"application/json": {"schema": schema}}, "required": True}
    return {"response_model": answer, "openapi_extra": {"requestBody": body}}


def takes_text(example: str) -> dict[str, Any]:
    """The documentation of a route that reads text."""
    content = {"text/plain": {"schema": {"type": "string"}, "example": example}}
    body = {"content": content, "required": True}
    return {"response_model": Accepted, "openapi_extra": {"requestBody": body}}


def add_schemas(app: FastAPI) -> None:
    """Add the schemas of messages and queries to the OpenAPI document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        for model in (DataflowMessage, TaskMessage, PathQuery):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            components = document["components"]["schemas"]
            components.update(schema.pop("$defs", {}))
            components[model.__name__] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it

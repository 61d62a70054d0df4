"""Models of the service's requests and answers; messages have their own folder."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ..path_query import MAPPINGS

__all__ = ["MAX_ROWS", "Accepted", "PathQuery", "Problem", "Rows"]

MAX_ROWS = 100_000


class Accepted(BaseModel):
    """A message is in the journal."""

    message: Annotated[int, Field(description="its number there")]


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


class PathQuery(BaseModel):
    """A path query; see `query` of dfanalyzer_client."""

    model_config = ConfigDict(extra="forbid")

    dataflow: str
    source: list[str]
    target: list[str]
    projection: list[str] = []
    selection: str = ""
    include: list[str] = []
    exclude: list[str] = []
    mapping: str = Field(MAPPINGS[0], description=f"one of {', '.join(MAPPINGS)}")
    limit: Annotated[int, Field(ge=0, le=MAX_ROWS)] = MAX_ROWS


class Rows(BaseModel):
    """The rows of a query; NaN is the text `NaN`."""

    columns: list[str]
    rows: list[list[Any]]
    sets: list[str]
    transformations: list[str]

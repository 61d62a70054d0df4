"""A client for DfAnalyzer's model of provenance, kept in MonetDB.

Describe a :class:`Dataflow` of :class:`Transformation` and :class:`Set`, then tell of each
:class:`Task` what it read and wrote. What is said is on the local disk at once and in the database
a moment later; :func:`flush` waits for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .attribute import Attribute
from .attribute_type import AttributeType
from .client import Client, client_for, flush, shutdown
from .dataflow import Dataflow
from .dataset import DataSet
from .dependency import Dependency
from .element import Element
from .errors import DfAnalyzerError
from .extractor import Extractor
from .extractor_cartridge import ExtractorCartridge
from .extractor_combination import ExtractorCombination
from .extractor_extension import ExtractorExtension
from .file import File
from .method_type import MethodType
from .performance import Performance
from .program import Program
from .running_task import RunningTask
from .set import Set
from .set_type import SetType
from .task import Task
from .task_status import TaskStatus
from .transformation import Transformation
from .url import StoreURL

if TYPE_CHECKING:
    from .path_query import QueryResult, query
    from .prov import prov_document

__all__ = [
    "Attribute",
    "AttributeType",
    "Client",
    "DataSet",
    "Dataflow",
    "Dependency",
    "DfAnalyzerError",
    "Element",
    "Extractor",
    "ExtractorCartridge",
    "ExtractorCombination",
    "ExtractorExtension",
    "File",
    "MethodType",
    "Performance",
    "Program",
    "QueryResult",
    "RunningTask",
    "Set",
    "SetType",
    "StoreURL",
    "Task",
    "TaskStatus",
    "Transformation",
    "client_for",
    "flush",
    "prov_document",
    "query",
    "shutdown",
]


def __getattr__(name: str) -> Any:
    """Asking needs the driver and a parser of SQL, which saying does not wait for."""
    if name in ("QueryResult", "query"):
        from . import path_query

        return getattr(path_query, name)
    if name == "prov_document":
        from .prov import prov_document

        return prov_document
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""A client for DfAnalyzer's model of provenance, kept in MonetDB.

Describe a :class:`Dataflow` of :class:`Transformation` and :class:`Set`, then tell of each
:class:`Task` what it read and wrote. What is said is on the local disk at once and in the database
a moment later; :func:`flush` waits for that.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .analysis import compare, curves, diff, follow, run, runs, sql
from .attribute import Attribute
from .attribute_type import AttributeType
from .config.store_url import StoreURL
from .dataflow import Dataflow
from .dataset import DataSet
from .declarations.names import original_text
from .delivery.client import Client
from .delivery.clients import client_for, flush, shutdown
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
from .set_role import SetRole
from .set_type import SetType
from .task import Task
from .task_status import TaskStatus
from .transformation import Transformation

if TYPE_CHECKING:
    from .export.crate import write_crate
    from .export.prov import prov_document
    from .path_query import QueryResult, query

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
    "SetRole",
    "SetType",
    "StoreURL",
    "Task",
    "TaskStatus",
    "Transformation",
    "client_for",
    "compare",
    "curves",
    "diff",
    "flush",
    "follow",
    "original_text",
    "prov_document",
    "query",
    "run",
    "runs",
    "shutdown",
    "sql",
    "write_crate",
]

_LATER = {
    "QueryResult": ".path_query",
    "prov_document": ".export.prov",
    "query": ".path_query",
    "write_crate": ".export.crate",
}
"""Asking needs the driver and a parser of SQL, which recording does not wait for."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name], __name__), name)

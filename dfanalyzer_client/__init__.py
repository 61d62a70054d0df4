"""A client for DfAnalyzer's model of provenance, kept in MonetDB.

Describe a :class:`Dataflow` of :class:`Transformation` and :class:`Set`, then tell of each
:class:`Task` what it read and wrote. What is said is on the local disk at once and in the database
a moment later; :func:`flush` waits for that.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis import compare, curves, diff, follow, run, runs, sql
    from .annotations import note, tag, untag
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
    from .export.crate import write_crate
    from .export.prov import prov_document
    from .extractor import Extractor
    from .extractor_cartridge import ExtractorCartridge
    from .extractor_combination import ExtractorCombination
    from .extractor_extension import ExtractorExtension
    from .file import File
    from .lineage import FileOrigin, origin
    from .method_type import MethodType
    from .path_query import QueryResult, query
    from .performance import Performance
    from .program import Program
    from .running_task import RunningTask
    from .set import Set
    from .set_role import SetRole
    from .set_type import SetType
    from .steering import steer
    from .task import Task
    from .task_status import TaskStatus
    from .transformation import Transformation
    from .viewer import view

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
    "FileOrigin",
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
    "note",
    "origin",
    "original_text",
    "prov_document",
    "query",
    "run",
    "runs",
    "shutdown",
    "sql",
    "steer",
    "tag",
    "untag",
    "view",
    "write_crate",
]

_LATER = {
    "Attribute": ".attribute",
    "AttributeType": ".attribute_type",
    "Client": ".delivery.client",
    "DataSet": ".dataset",
    "Dataflow": ".dataflow",
    "Dependency": ".dependency",
    "DfAnalyzerError": ".errors",
    "Element": ".element",
    "Extractor": ".extractor",
    "ExtractorCartridge": ".extractor_cartridge",
    "ExtractorCombination": ".extractor_combination",
    "ExtractorExtension": ".extractor_extension",
    "File": ".file",
    "FileOrigin": ".lineage",
    "MethodType": ".method_type",
    "Performance": ".performance",
    "Program": ".program",
    "QueryResult": ".path_query",
    "RunningTask": ".running_task",
    "Set": ".set",
    "SetRole": ".set_role",
    "SetType": ".set_type",
    "StoreURL": ".config.store_url",
    "Task": ".task",
    "TaskStatus": ".task_status",
    "Transformation": ".transformation",
    "client_for": ".delivery.clients",
    "compare": ".analysis",
    "curves": ".analysis",
    "diff": ".analysis",
    "flush": ".delivery.clients",
    "follow": ".analysis",
    "note": ".annotations",
    "origin": ".lineage",
    "original_text": ".declarations.names",
    "prov_document": ".export.prov",
    "query": ".path_query",
    "run": ".analysis",
    "runs": ".analysis",
    "shutdown": ".delivery.clients",
    "sql": ".analysis",
    "steer": ".steering",
    "tag": ".annotations",
    "untag": ".annotations",
    "view": ".viewer.notebook",
    "write_crate": ".export.crate",
}
"""Where each name is: a module is imported when one of its names is used.

So `keras-prov runs` does not wait for the model and the exporter, nor a training for the driver and
the parser of SQL that only queries need.
"""

_MODULES = {module.lstrip(".").partition(".")[0] for module in _LATER.values()}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        value = getattr(import_module(_LATER[name], __name__), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})

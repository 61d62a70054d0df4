"""The messages of dataflows and tasks: which keys they have, and what stands there.

They are the JSON that DfAnalyzer's clients send to ``/pde/dataflow/json`` and ``/pde/task/json`` of
its REST interface (https://gitlab.com/ssvitor/dataflow_analyzer). A key that DfAnalyzer does not
have is called ours below, and annotations and messages of steering are ours as a whole. Tags and
names of attributes are in lower case. Times are texts in UTC, ``YYYY-MM-DD HH:MM:SS[.ffffff]``.
Optional keys are left out where there is nothing to say.

`Declaration` checks a message of this process; `is_dataflow`, `is_task`, `is_annotation` and others
say what one is that was read from a journal. Before that it is an `UncheckedMessage`.
"""

from __future__ import annotations

from .annotation import AnnotationMessage
from .dataflow import (
    AttributeMessage,
    CombinationMessage,
    DataflowMessage,
    ExtractorMessage,
    ProgramMessage,
    SetMessage,
    TransformationMessage,
)
from .empty import without_empty
from .journal import (
    ANNOTATION,
    DATAFLOW,
    STEERING_OFFER,
    STEERING_OUTCOME,
    STEERING_REQUEST,
    TASK,
    JournalAnnotation,
    JournalDataflow,
    JournalSteeringOffer,
    JournalSteeringOutcome,
    JournalSteeringRequest,
    JournalTask,
    UncheckedMessage,
    is_annotation,
    is_dataflow,
    is_steering_offer,
    is_steering_outcome,
    is_steering_request,
    is_task,
)
from .steering import SteeringOfferMessage, SteeringOutcomeMessage, SteeringRequestMessage
from .task import (
    AgentsMessage,
    DataSetMessage,
    DependencyMessage,
    FileMessage,
    IdReference,
    PerformanceMessage,
    TagReference,
    TaskMessage,
)

__all__ = [
    "ANNOTATION",
    "DATAFLOW",
    "STEERING_OFFER",
    "STEERING_OUTCOME",
    "STEERING_REQUEST",
    "TASK",
    "AgentsMessage",
    "AnnotationMessage",
    "AttributeMessage",
    "CombinationMessage",
    "DataSetMessage",
    "DataflowMessage",
    "DependencyMessage",
    "ExtractorMessage",
    "FileMessage",
    "IdReference",
    "JournalAnnotation",
    "JournalDataflow",
    "JournalSteeringOffer",
    "JournalSteeringOutcome",
    "JournalSteeringRequest",
    "JournalTask",
    "PerformanceMessage",
    "ProgramMessage",
    "SetMessage",
    "SteeringOfferMessage",
    "SteeringOutcomeMessage",
    "SteeringRequestMessage",
    "TagReference",
    "TaskMessage",
    "TransformationMessage",
    "UncheckedMessage",
    "is_annotation",
    "is_dataflow",
    "is_steering_offer",
    "is_steering_outcome",
    "is_steering_request",
    "is_task",
    "without_empty",
]

"""Our classes and properties, and what each means: docs/reference/namespace.md is made of this."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLASSES", "PROPERTIES", "VOCABULARY", "Term"]


@dataclass(frozen=True)
class Term:
    """A term of the namespace ``kp``.

    Attributes:
        name: its name there.
        meaning: in a sentence.
        parent: of a class, the class of PROV-O that it is a subclass of; of a property, empty.
    """

    name: str
    meaning: str
    parent: str = ""


CLASSES = (
    Term("Dataflow", "A workflow as designed: its transformations and sets.", "Plan"),
    Term("Transformation", "A kind of step in a dataflow.", "Plan"),
    Term("SetDefinition", "A set as designed: its attributes, who writes and reads it.", "Entity"),
    Term("Attribute", "An attribute of a set as designed.", "Entity"),
    Term("Execution", "One run of a dataflow.", "Activity"),
    Term("Task", "One run of a transformation, such as a training.", "Activity"),
    Term("SteeringRequest", "What somebody asked of a training while it ran.", "Activity"),
    Term("Set", "The rows of a set in one execution.", "Collection"),
    Term("Element", "A row of a set.", "Entity"),
    Term(
        "Configuration", "A row that configures a training, from its beginning or later.", "Entity"
    ),
    Term("Epoch", "A row of what an epoch measured.", "Entity"),
    Term("Batch", "A row of what a batch measured.", "Entity"),
    Term("SystemSample", "A row of what the machine did at a moment.", "Entity"),
    Term("File", "A file in one place, as a task read or wrote it.", "Entity"),
    Term("Model", "A file that holds a model, or its weights.", "Entity"),
    Term("Content", "Bytes, wherever they are.", "Entity"),
    Term("Results", "Everything that an execution generated.", "Collection"),
    Term("Machine", "The machine that an execution ran on.", "Agent"),
)

PROPERTIES = (
    Term("execution", "Tag of an execution."),
    Term("dataflow", "Tag of a dataflow."),
    Term("dataflowVersion", "The newest version of the dataflow that the tasks had."),
    Term("transformation", "Tag of a transformation."),
    Term("set", "Tag of a set."),
    Term("row", "Number of a row within its set and execution, from 1."),
    Term("rows", "How many rows a set has in an execution."),
    Term("attribute", "Name of an attribute of a set."),
    Term("type", "Type of an attribute: NUMERIC, TEXT or FILE."),
    Term("writtenBy", "A transformation that writes a set."),
    Term("readBy", "A transformation that reads a set."),
    Term("status", "How a task ended, or what came of a request."),
    Term("seconds", "How long something took, in pictures."),
    Term("first", "The first of several files that a picture shows as one."),
    Term("last", "The last of several files that a picture shows as one."),
    Term("workspace", "The folder that a task ran in."),
    Term("resource", "The computing resource that a task ran on."),
    Term("output", "What a task printed."),
    Term("error", "The error that ended a task."),
    Term("action", "What a request asks for: set, stop, pause and so on."),
    Term("target", "What a request would change."),
    Term("value", "The value that a request asks for."),
    Term("atEpoch", "The epoch that a request waits for."),
    Term("condition", "The condition that a request waits for."),
    Term("reason", "Why somebody asked."),
    Term("asked", "When somebody asked, by the clock of who asked."),
    Term("epoch", "The epoch in which a request was answered."),
    Term("batch", "The batch in which a request was answered."),
    Term("oldValue", "The value before a request was applied."),
    Term("newValue", "The value after a request was applied."),
    Term("detail", "What else is known of the answer to a request."),
    Term("path", "Where a file or a program is."),
    Term("size", "Bytes of a file."),
    Term("sha256", "SHA-256 of the bytes, in hexadecimal digits."),
    Term("name", "Name of a program or a person."),
    Term("version", "Version of a program."),
    Term("user", "Account that a process ran as."),
    Term("host", "Name of a machine, as it names itself."),
    Term("email", "Mail address of a person."),
    Term("orcid", "ORCID iD of a person, as a URL."),
    Term("system", "Operating system."),
    Term("release", "Release of the operating system."),
    Term("machine", "Architecture of the machine."),
    Term("cpus", "Number of logical processors."),
    Term("os", "Operating system, as a DLProv client described it."),
    Term("platform", "Platform, as a DLProv client described it."),
    Term("architecture", "Architecture, as a DLProv client described it."),
    Term("processor", "Processor, as a DLProv client described it."),
    Term("ram_total_gb", "Memory of the machine in GB, likewise."),
    Term("ram_limit_gb", "Memory that may be used in GB, likewise."),
    Term("disk_total_gb", "Size of the disk in GB, likewise."),
    Term("disk_used_gb", "Used part of the disk in GB, likewise."),
    Term("disk_free_gb", "Free part of the disk in GB, likewise."),
    Term("gpus", "Accelerators, likewise."),
    Term("in_container", "Whether it was a container, likewise."),
)

VOCABULARY = {term.name: term for term in (*CLASSES, *PROPERTIES)}
"""All terms by name."""

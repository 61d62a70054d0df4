"""Where older scripts import `ProvenanceObject` from."""

from .declarations.provenance_object import ProvenanceObject

__all__ = ["ProvenanceObject"]

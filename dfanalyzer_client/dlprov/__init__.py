"""What DLProv declares for its users: transformations and sets by name, and what they are for."""

from .sets import role_of

__all__ = ["role_of"]

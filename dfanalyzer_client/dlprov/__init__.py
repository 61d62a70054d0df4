"""What DLProv declares for its users: transformations and sets by name, and what they are for."""

from .sets import SETS, PredefinedSet, find_set, role_of

__all__ = ["SETS", "PredefinedSet", "find_set", "role_of"]

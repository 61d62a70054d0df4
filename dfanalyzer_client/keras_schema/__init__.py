"""The transformations, sets and columns that Keras-Prov makes by itself, each spelled once.

They stand here, below Keras, so that whoever asks the database can name them without importing it.
"""

from .model import Column, KerasSet, Role
from .sets import SETS, TRANSFORMATIONS, find_set, tags_of

__all__ = ["SETS", "TRANSFORMATIONS", "Column", "KerasSet", "Role", "find_set", "tags_of"]

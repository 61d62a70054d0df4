"""Patches of libraries that the user may import later, or never: applied once they are imported.

wrapt's post-import hooks (https://wrapt.readthedocs.io) do the waiting. They import nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import ModuleType

import wrapt

from .._guard import guarded
from .change import Change, Undo

__all__ = ["WhenImported"]


class WhenImported:
    """Apply changes to a module as soon as it is imported, or at once if it already is.

    If a change does not fit the library's version, only what it would record is lost.

    Args:
        module: name of the module that is changed.
        changes: returns the changes; called once the module is imported.
        lost: what is not recorded if a change cannot be made.
    """

    def __init__(self, module: str, changes: Callable[[], Iterable[Change]], lost: str) -> None:
        self.module = module
        self._changes = changes
        self._lost = lost
        self._is_applied = self._is_hooked = False
        self._undos: list[Undo] = []

    def apply(self) -> Undo:
        """Make the changes, now or later; see `Change.apply`."""
        self._is_applied = True
        if self.module in sys.modules:
            self._apply_now()
        elif not self._is_hooked:
            self._is_hooked = True  # only once: wrapt cannot remove a hook
            wrapt.register_post_import_hook(self._imported, self.module)
        return self

    def _imported(self, _: ModuleType) -> None:
        if self._is_applied:
            self._apply_now()

    def _apply_now(self) -> None:
        with guarded(f"patching {self.module}", lost=self._lost):
            for change in self._changes():
                self._undos.append(change.apply())

    def __call__(self) -> bool:
        """Undo the changes, and make none later; see `Undo`."""
        self._is_applied = False
        self._undos[:] = [undo for undo in reversed(self._undos) if not undo()][::-1]
        return not self._undos

    def is_on(self) -> bool:
        """Whether all changes made so far are in force; see `Undo`."""
        return all(undo.is_on() for undo in self._undos)

    def __str__(self) -> str:
        return self.module

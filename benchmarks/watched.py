"""What a training takes while ten pages of the viewer watch it, and while none does, in pairs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .figures import Report
from .paired import alternating, compared
from .viewer_process import running, watching

__all__ = ["watched_trainings"]

PAGES = 10
EPOCHS = 100


def watched_trainings(report: Report, home: Path, pairs: int) -> None:
    """Train alternately; the viewer runs all the time, and only pages come and go."""
    os.environ["KERAS_PROV_HOME"] = str(home)
    import keras_prov as keras  # after the data folder is chosen

    from .training import fit

    seconds: dict[bool, list[float]] = {False: [], True: []}
    with running(home) as viewer:
        viewer.read("./")
        fit(captured=True, epochs=2)
        for _, is_watched in alternating((False, True), pairs):
            pages = watching(viewer, PAGES) if is_watched else contextlib.nullcontext()
            with pages:
                seconds[is_watched].append(fit(captured=True, epochs=EPOCHS))
                keras.flush(30)
    report.add("f", "training, an epoch, nobody watches", "ms", seconds[False], 1e3 / EPOCHS)
    report.add("f", f"training, an epoch, {PAGES} pages watch", "ms", seconds[True], 1e3 / EPOCHS)
    found = compared(seconds[False], seconds[True])
    print(
        f"(f) watched / not watched, pair by pair: median {found.median:.3f} "
        f"({found.low:.3f} … {found.high:.3f}, 95 %), {found.pairs} pairs"
    )

"""Show the viewer in a notebook: a frame, and a viewer that runs in this process."""

from __future__ import annotations

import html
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import settings
from ..config.store_url import StoreURL
from ..errors import DefinitionError, DfAnalyzerError
from ..support.distribution import install_command

if TYPE_CHECKING:
    from .serving import Running

__all__ = ["Frame", "view"]

_running: dict[tuple[str, Path], Running] = {}
_lock = threading.Lock()


class Frame:
    """The viewer in a frame, as a notebook shows it.

    Attributes:
        link: opens the same in a browser, on this machine.
        height: of the frame, in pixels.
    """

    def __init__(self, link: str, source: str, height: int) -> None:
        self.link, self.height = link, height
        self._source = source

    def __repr__(self) -> str:
        return f"The viewer is at {self.link}"

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{html.escape(self._source)}" width="100%" height="{self.height}" '
            'title="Keras-Prov" frameborder="0"></iframe>'
        )


def view(
    path: str = "./",
    *,
    height: int = 640,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Frame:
    """Show the viewer in a frame; what captures in this process goes on.

    Args:
        path: a page of the viewer, such as ``execution?run=last``.
        height: of the frame, in pixels.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        DfAnalyzerError: the extra ``view`` is not installed.
    """
    try:
        from .serving import start
    except ImportError as error:
        raise DfAnalyzerError(
            f"view() needs FastAPI and Jinja2 ({error}): {install_command('view')}"
        ) from None
    if path.startswith("/") or "://" in path:
        raise DefinitionError(f"A page is a path such as 'execution?run=last'. Received: {path!r}.")
    url, folder = settings.store_url(store), home or settings.home()
    key = (str(url), folder)
    with _lock:
        if key not in _running:
            _running[key] = start(url, folder)
    running = _running[key]
    return Frame(running.link, running.framed(path), height)

"""Send events by the transports of OpenLineage's client: HTTP, and a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from openlineage.client.transport import Transport
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import (
    ApiKeyTokenProvider,
    HttpConfig,
    HttpTransport,
    TokenProvider,
)
from requests import HTTPError, RequestException

from ...errors import DfAnalyzerError

__all__ = ["transport_to"]

SECONDS = 10.0
RETRIES = {
    "total": 2,
    "backoff_factor": 0.2,
    "status_forcelist": [502, 503, 504],
    "allowed_methods": ["POST"],
}
"""Events have the ids of their runs, so that one that comes twice says nothing new."""


@contextlib.contextmanager
def transport_to(url: str, key: str | None) -> Iterator[Transport]:
    """A transport to a URL until the end of the ``with``; errors in it are said in one line.

    The client's own configuration, its file and its variables, is not used: what it would add to
    the events is of who exports, and not of the training.

    Raises:
        DfAnalyzerError: the server or the file does not take an event.
    """
    transport = _transport(url, key)
    try:
        yield transport
    except HTTPError as error:
        answer = error.response
        told = f"HTTP {answer.status_code} {answer.reason}" if answer is not None else str(error)
        raise DfAnalyzerError(f"{url} does not take OpenLineage events: {told}.") from None
    except RequestException as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None) or error
        raise DfAnalyzerError(f"{url} cannot be reached: {_plain(reason)}.") from None
    except RuntimeError as error:  # of the file's transport
        raise DfAnalyzerError(f"{str(error).rstrip('.')}.") from None
    finally:
        transport.close()


def _transport(url: str, key: str | None) -> Transport:
    if url.startswith("file:"):
        return FileTransport(FileConfig(log_file_path=url, append=True))
    login = ApiKeyTokenProvider({"apiKey": key}) if key else TokenProvider({})
    return HttpTransport(HttpConfig(url=url, timeout=SECONDS, auth=login, retry=dict(RETRIES)))


def _plain(reason: object) -> str:
    """What a library says went wrong, without the object that it names before."""
    return str(reason).rpartition(">: ")[2].rstrip(".") or type(reason).__name__

"""The application: all screens, the files of browsers, and pages for errors."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from ..errors import (
    DefinitionError,
    DfAnalyzerError,
    PrivateServerError,
    RefusedError,
    SelectionError,
    StoreLoginError,
    StoreUnavailableError,
    UnknownTagError,
)
from .changes import Changes
from .database import Database
from .failures import Failures, error_page, log_failure, request_line
from .screens import ROUTERS
from .shared import Shared
from .sparks import Sparks

__all__ = ["create_app"]

STATIC = Path(__file__).parent / "static"

STATUS = {
    UnknownTagError: 404,
    SelectionError: 400,
    DefinitionError: 400,
    RefusedError: 400,
    StoreLoginError: 503,
    StoreUnavailableError: 503,
    PrivateServerError: 503,
}
"""The HTTP status of an error."""


def create_app(database: Database, post_token: str) -> FastAPI:
    """The viewer of a database.

    Args:
        database: what is shown.
        post_token: what requests that change something carry; see `Guard`.
    """
    app = FastAPI(title="Keras-Prov", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.database, app.state.changes = database, Changes(database)
    app.state.post_token, app.state.sparks = post_token, Sparks()
    app.state.shared = Shared()
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Failures)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=5)
    app.add_exception_handler(DfAnalyzerError, _error_page)
    app.add_exception_handler(HTTPException, _error_page)
    app.add_exception_handler(RequestValidationError, _error_page)
    return app


def _error_page(request: Request, error: Exception) -> Response:
    """A page for an error that is foreseen; one that is not ours to foresee is logged, too."""
    if isinstance(error, HTTPException):
        return error_page(request, error.status_code, _of_status(error.status_code))
    if isinstance(error, RequestValidationError):
        return error_page(request, 400, _of_address(error))
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if status == 500:
        log_failure(request_line(request), error)
    return error_page(request, status, str(error))


def _of_status(status: int) -> str:
    if status == 404:
        return "There is no such page. The screens are named above."
    return f"The request cannot be answered ({status})."


def _of_address(error: RequestValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(each) for each in first.get("loc", ())[1:])
    return f"The address has a wrong value for {name!r}: {first.get('msg')}."

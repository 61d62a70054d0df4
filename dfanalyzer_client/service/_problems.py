"""The status and the body that the service answers an error with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from ..errors import (
    ConflictError,
    DfAnalyzerError,
    JournalError,
    PrivateServerError,
    RawDataRefusedError,
    StoreLoginError,
    StoreUnavailableError,
    UnknownTagError,
)
from ._guards import BodyTooLargeError
from ._models import Problem

__all__ = ["REFUSALS", "add_errors"]

SHOWN_PROBLEMS = 5
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        401: "the token is missing or wrong",
        403: "it comes from another site, names another host, or a file that may not be read",
        404: "it names something that does not exist",
        408: "it was not sent in time",
        413: "its body is too large",
        422: "it cannot be read, contradicts a declaration, or a value does not fit",
        431: "its head is too large",
        503: "the store does not answer at the moment",
        507: "the journal's disk is full, so the message was not recorded",
    }.items()
}


def add_errors(app: FastAPI) -> None:
    """Answer each of our errors with its status."""
    for kinds, status in (
        ((RawDataRefusedError,), 403),
        ((UnknownTagError,), 404),
        ((BodyTooLargeError,), 413),
        ((StoreUnavailableError, StoreLoginError, ConflictError, PrivateServerError), 503),
        ((JournalError,), 507),
        ((DfAnalyzerError, ValueError), 422),
    ):
        for kind in kinds:
            app.add_exception_handler(kind, _refusal(status))
    for invalid in (ValidationError, RequestValidationError):
        app.add_exception_handler(invalid, _invalid)
    app.add_exception_handler(ClientDisconnect, _disconnected)


def _refusal(status: int) -> Callable[[Request, Exception], Response]:
    def handler(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": str(error)}, status)

    return handler


def _invalid(_: Request, error: Exception) -> Response:
    """What is wrong in which field of the message, without repeating the message."""
    errors = cast("ValidationError | RequestValidationError", error).errors()
    problems = [
        f"{'.'.join(map(str, problem['loc'])) or 'message'}: {problem['msg']}"
        for problem in errors[:SHOWN_PROBLEMS]
    ]
    return JSONResponse({"detail": "; ".join(problems)}, 422)


def _disconnected(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # the client has gone, so nobody reads it

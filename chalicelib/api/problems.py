"""Refusals as HTTP: one table from the kind of refusal to status and title (spec http.md §10)."""

from __future__ import annotations

from typing import Any

from chalicelib.licensing import errors
from chalicelib.licensing.errors import Problem, Refusal
from chalicelib.licensing.rates import TooManyAttempts

_KINDS: tuple[tuple[type[Refusal], int, str], ...] = (
    (errors.BadRequest, 400, "Bad request"),
    (errors.Unauthenticated, 401, "Unauthorized"),
    (errors.AccessDenied, 403, "Access denied"),
    (errors.NotFound, 404, "Not found"),
    (errors.Conflicting, 409, "Conflict"),
    (errors.InvalidState, 422, "Unprocessable entity"),
    (errors.InvalidFields, 422, "Unprocessable resource"),
    (TooManyAttempts, 429, "Too many requests"),
    (errors.Unavailable, 503, "Service unavailable"),
)
RETRY_AFTER_SECONDS = 1

INTERNAL = (500, "Internal server error", "Something went wrong on our end")


def status_and_title(refusal: Refusal) -> tuple[int, str]:
    """How a refusal is answered."""
    return next((status, title) for kind, status, title in _KINDS if isinstance(refusal, kind))


def error_document(title: str, problems: tuple[Problem, ...], request_id: str | None) -> dict[str, Any]:
    """An error document; without `meta` when the request never reached a route."""
    body: dict[str, Any] = {} if request_id is None else {"meta": {"id": request_id}}
    body["errors"] = [_error(title, problem) for problem in problems]
    return body


def _error(title: str, problem: Problem) -> dict[str, Any]:
    error: dict[str, Any] = {"title": title, "detail": problem.detail}
    if problem.code is not None:
        error["code"] = problem.code
    places = {"pointer": problem.pointer, "parameter": problem.parameter, "header": problem.header}
    source = {name: place for name, place in places.items() if place is not None}
    if source:
        error["source"] = source
    return error
